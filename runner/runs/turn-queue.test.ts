import { expect, test } from "bun:test";
import { SimClock } from "../../sim/clock.ts";
import { TurnQueue } from "./turn-queue.ts";

const turn = (turnId: string) => ({ turnId, text: turnId, digest: [], journal: [] });
const never = new AbortController().signal;

test("[B1] turns come in order, each once, also one that arrives while the run waits", async () => {
  const queue = new TurnQueue(new SimClock());
  for (const id of ["one", "two", "one"]) expect(queue.push(turn(id))).toBe(true);
  expect((await queue.next(0, never))?.turnId).toBe("one");
  expect((await queue.next(0, never))?.turnId).toBe("two");
  const waiting = queue.next(60_000, never);
  queue.push(turn("three"));
  expect((await waiting)?.turnId).toBe("three");
});

test("[B1] a queue that said it is empty takes no more turns", async () => {
  const clock = new SimClock();
  const queue = new TurnQueue(clock);
  const waiting = queue.next(60_000, never);
  clock.advance(60_000);
  expect(await waiting).toBeNull();
  expect(queue.push(turn("late"))).toBe(false);
});

test("[B1] a stopped run gets no further turn, though one waits", async () => {
  const queue = new TurnQueue(new SimClock());
  queue.push(turn("one"));
  expect(await queue.next(60_000, AbortSignal.abort())).toBeNull();
  expect(queue.push(turn("two"))).toBe(false);
});
