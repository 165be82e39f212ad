import assert from "node:assert/strict";
import { Change } from "./change.ts";
import { Fault } from "./fault.ts";
import { Ledger, type SendAnswer } from "./ledger.ts";

/** A ledger whose messages were answered like this; `none`: not at all. */
function ledgerOf(
  answers: readonly (SendAnswer | "none")[],
  quota = 3,
): Ledger {
  const ledger = new Ledger(quota);
  for (const answer of answers) {
    const number = ledger.sending();
    if (answer !== "none") ledger.sendAnswered(number, answer);
  }
  return ledger;
}

function deliver(ledger: Ledger, what: number | "quota", id = `id ${what}`) {
  ledger.delivered({ what, id });
}

/** Delivers and acknowledges; the `ACK` is answered unless told otherwise. */
function take(
  ledger: Ledger,
  what: number | "quota",
  { answered = true, id }: { answered?: boolean; id?: string } = {},
): void {
  deliver(ledger, what, id);
  const handle = ledger.acknowledging();
  if (answered) ledger.acknowledged(handle);
}

function faulty(what: RegExp, act: () => void): void {
  assert.throws(
    act,
    (error) => error instanceof Fault && what.test(error.message),
  );
}

Deno.test("what was sent and answered is delivered in order, then the queue is empty", () => {
  const ledger = ledgerOf(["OK", "OK", "OK"]);
  for (const number of [0, 1, 2]) take(ledger, number);
  ledger.empty();
  ledger.size(0);
});

Deno.test("a lost message is a fault: at the end, in the middle, in the size", () => {
  faulty(/message 0 is lost/, () => ledgerOf(["OK"]).empty());
  faulty(/message 0 is lost/, () => deliver(ledgerOf(["OK", "OK"]), 1));
  faulty(/must hold 2 to 2/, () => ledgerOf(["OK", "OK"]).size(1));
  const ledger = ledgerOf(["OK", "OK"]);
  take(ledger, 0);
  ledger.restarted();
  faulty(/message 1 is lost/, () => ledger.empty());
});

Deno.test("a message that was delivered and not acknowledged is kept, whatever SEND got", () => {
  const ledger = ledgerOf(["none"]);
  deliver(ledger, 0);
  ledger.restarted();
  faulty(/lost: it was delivered/, () => ledger.empty());
});

Deno.test("a message is a fault after its ACK was answered", () => {
  const ledger = ledgerOf(["OK", "OK"]);
  take(ledger, 0);
  ledger.restarted();
  faulty(/message 0 .* after its ACK/, () => deliver(ledger, 0));
  faulty(/another message ID/, () => deliver(ledger, 0, "copy"));
  deliver(ledger, 1);
});

Deno.test("one message twice is a fault", () => {
  const ledger = ledgerOf(["OK", "OK"]);
  deliver(ledger, 0);
  faulty(/before the ACK/, () => deliver(ledger, 0));
  faulty(/before the ACK/, () => deliver(ledger, 1));
  ledger.acknowledging();
  faulty(/twice/, () => deliver(ledger, 0));
  ledger.subscribing();
  faulty(/another message ID/, () => deliver(ledger, 0, "copy"));
});

Deno.test("the first message comes again with each subscription", () => {
  const ledger = ledgerOf(["OK"]);
  deliver(ledger, 0);
  ledger.subscribing();
  deliver(ledger, 0);
  ledger.restarted();
  take(ledger, 0);
  ledger.empty();
});

Deno.test("wrong order is a fault", () => {
  const ledger = ledgerOf(["none", "OK"]);
  take(ledger, 1);
  faulty(/message 0 was delivered out of order/, () => deliver(ledger, 0));
  faulty(/left out/, () => ledger.sendAnswered(0, "OK"));
});

Deno.test("a message without an answer is there or not, but that stays so", () => {
  const there = ledgerOf(["none", "none"]);
  there.restarted();
  there.size(0);
  there.size(2);
  take(there, 0);
  there.empty();
  there.restarted();
  faulty(/out of order/, () => deliver(there, 1));
});

Deno.test("an ACK without an answer may be forgotten", () => {
  const ledger = ledgerOf(["OK", "OK"]);
  take(ledger, 0, { answered: false });
  deliver(ledger, 1);
  ledger.restarted();
  take(ledger, 0);
  take(ledger, 1);
  ledger.empty();
});

Deno.test("an ACK without an answer that took effect stays so", () => {
  const ledger = ledgerOf(["OK", "OK"]);
  take(ledger, 0, { answered: false });
  ledger.restarted();
  deliver(ledger, 1);
  ledger.restarted();
  faulty(/message 0 .* after its ACK/, () => deliver(ledger, 0));
});

Deno.test("an ACK that a killed relay did not carry out does not excuse a loss", () => {
  const ledger = ledgerOf(["OK"]);
  take(ledger, 0, { answered: false });
  ledger.restarted();
  deliver(ledger, 0);
  ledger.restarted();
  faulty(/message 0 is lost/, () => ledger.empty());
});

Deno.test("a message that was never sent or was refused is a fault", () => {
  const ledger = ledgerOf(["AUTH"]);
  faulty(/had been refused/, () => deliver(ledger, 0));
  faulty(/never sent/, () => deliver(ledger, 7));
});

Deno.test("a full queue has one marker at its end", () => {
  const ledger = ledgerOf(["OK", "OK", "QUOTA", "QUOTA"], 2);
  ledger.size(3);
  faulty(/message 0 did not/, () => deliver(ledger, "quota"));
  take(ledger, 0);
  take(ledger, 1);
  ledger.restarted();
  take(ledger, "quota");
  ledger.empty();
  const number = ledger.sending();
  ledger.sendAnswered(number, "OK");
  take(ledger, number);
  faulty(/nobody caused/, () => deliver(ledger, "quota", "other"));
});

Deno.test("a lost marker, one too many and an early one are faults", () => {
  const lost = ledgerOf(["OK", "QUOTA"], 1);
  take(lost, 0);
  faulty(/a quota marker is lost/, () => lost.empty());
  faulty(/not full/, () => ledgerOf(["OK", "QUOTA"], 2));
  faulty(/quota is 2/, () => ledgerOf(["OK", "OK", "OK"], 2));
  faulty(/behind a quota marker/, () => ledgerOf(["OK", "QUOTA", "OK"], 1));
});

Deno.test("a SEND without an answer may have left the marker", () => {
  const ledger = ledgerOf(["OK", "none"], 1);
  ledger.restarted();
  take(ledger, 0);
  take(ledger, "quota");
  ledger.empty();
  faulty(/in place of a message/, () => ledger.sendAnswered(1, "OK"));
});

Deno.test("a marker whose ACK got no answer may still refuse messages", () => {
  const ledger = ledgerOf(["OK", "QUOTA"], 1);
  take(ledger, 0);
  take(ledger, "quota", { answered: false });
  ledger.restarted();
  ledger.sending();
  ledger.restarted();
  ledger.sendAnswered(ledger.sending(), "QUOTA");
  take(ledger, "quota");
  ledger.empty();
});

Deno.test("a change that was answered stays, one that was not may be", () => {
  const change = new Change("switched off");
  change.seen(false);
  change.asked();
  change.seen(false);
  faulty(/nobody has switched off/, () => change.seen(true));
  change.asked();
  change.seen(true);
  assert.equal(change.state, "yes");
  change.done();
  faulty(/not switched off although/, () => change.seen(false));
});
