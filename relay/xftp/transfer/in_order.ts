/** How tasks are run by {@link inOrder}. */
export interface InOrderOptions<T, R> {
  /** Tasks at a time; results that wait to be taken count. */
  readonly limit: number;
  readonly run: (item: T) => Promise<R>;
}

/**
 * Runs a task for each item, several at a time, and gives the results in the
 * order of the items. Whoever stops before the end leaves tasks under way
 * behind, with nobody to hear how they end.
 */
export async function* inOrder<T, R>(
  items: Iterable<T>,
  { limit, run }: InOrderOptions<T, R>,
): AsyncGenerator<R, void, undefined> {
  const underway: Promise<R>[] = [];
  for (const item of items) {
    const task = run(item);
    // It is awaited later; until then a failure is not an unhandled one.
    task.catch(() => {});
    underway.push(task);
    if (underway.length === limit) {
      const [first] = underway.splice(0, 1);
      yield await first;
    }
  }
  for (const task of underway) yield await task;
}
