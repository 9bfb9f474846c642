import { expect, test } from "bun:test";
import type { AgentEvent, AgentEventBody } from "../../protocol/stream.ts";
import { SimClock } from "../../sim/clock.ts";
import { EventGatherer } from "./event-gatherer.ts";

const clock = new SimClock();
const text = (partId: string, value: string): AgentEventBody => ({
  kind: "text",
  partId,
  text: value,
  done: false,
});
function gatherer() {
  const batches: AgentEvent[][] = [];
  return { batches, events: new EventGatherer({ clock, put: (batch) => batches.push(batch) }) };
}

test("[C4] events of one part replace each other while they wait, and keep their place", () => {
  const { batches, events } = gatherer();
  events.add(text("a", "H"), null);
  events.add({ kind: "notice", level: "normal", text: "n" }, null);
  events.add(text("a", "Hello"), null);
  events.flush();
  events.add(text("a", "Hello you"), null);
  events.flush();
  expect(
    batches.map((batch) => batch.map(({ seq, body }) => [seq, "text" in body ? body.text : ""])),
  ).toEqual([
    [
      [1, "Hello"],
      [2, "n"],
    ],
    [[3, "Hello you"]],
  ]);
});

test("[C4] what waits is told a tenth of a second after its first event", () => {
  const { batches, events } = gatherer();
  events.add(text("a", "H"), null);
  clock.advance(99);
  events.add(text("b", "I"), null);
  expect(batches).toEqual([]);
  clock.advance(1);
  expect(batches.map((batch) => batch.length)).toEqual([2]);
});

test("[C4] a batch ends at a hundred events and at its size, without loss", () => {
  const { batches, events } = gatherer();
  for (let n = 0; n < 150; n++) events.add(text(`p${n}`, "x"), null);
  for (let n = 0; n < 10; n++) events.add(text(`big${n}`, "y".repeat(16_000)), null);
  events.flush();
  expect(batches.flat().map(({ seq }) => seq)).toEqual(
    Array.from({ length: 160 }, (_, index) => index + 1),
  );
  expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThanOrEqual(100);
  expect(Math.max(...batches.map((batch) => JSON.stringify(batch).length))).toBeLessThan(120_000);
});
