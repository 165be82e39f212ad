/**
 * Statistics of the relay.
 *
 * @module
 */

export { COUNTER_NAMES, type CounterName, Counters } from "./counters.ts";
