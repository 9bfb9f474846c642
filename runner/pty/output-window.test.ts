import { expect, test } from "bun:test";
import { SimClock } from "../../sim/clock.ts";
import { OutputWindow } from "./output-window.ts";

const KIB = 1024;

function stage() {
  const clock = new SimClock();
  const sent: { at: number; bytes: number; taken: () => void }[] = [];
  const window = new OutputWindow(
    clock,
    (at, data) => new Promise((taken) => void sent.push({ at, bytes: data.byteLength, taken })),
  );
  return { clock, sent, window };
}

test("[E8] the first output goes out at once, and what comes meanwhile is gathered", async () => {
  const { sent, window } = stage();
  window.open();
  for (let n = 0; n < 10; n++) void window.push(new Uint8Array(100));
  expect(sent.map(({ at, bytes }) => [at, bytes])).toEqual([[0, 100]]);
  sent[0]?.taken();
  await Promise.resolve();
  await Promise.resolve();
  expect(sent.map(({ at, bytes }) => [at, bytes])).toEqual([
    [0, 100],
    [100, 900],
  ]);
});

test("[E8] who prints more than the window waits for room, and only so long", async () => {
  const { clock, sent, window } = stage();
  window.open();
  let room = 0;
  let printed = 0;
  for (let waits: Promise<void> | void = undefined; waits === undefined; printed += 64 * KIB) {
    waits = window.push(new Uint8Array(64 * KIB));
    void waits?.then(() => (room += 1));
  }
  expect(printed).toBeGreaterThan(512 * KIB);
  const onTheWay = sent.reduce((sum, { bytes }) => sum + bytes, 0);
  await Promise.resolve();
  expect(room).toBe(0);
  clock.advance(10_000);
  await Promise.resolve();
  expect(room).toBe(1);
  // What was left out shows in the offset of what follows.
  for (const frame of sent) frame.taken();
  await Promise.resolve();
  void window.push(new Uint8Array(1));
  await Promise.resolve();
  expect(onTheWay).toBeLessThanOrEqual(printed);
  expect(sent.at(-1)?.at).toBe(printed);
});

test("[E8] while nobody looks nothing is sent, and offsets go on", () => {
  const { sent, window } = stage();
  expect(window.push(new Uint8Array(5))).toBeUndefined();
  window.open();
  void window.push(new Uint8Array(3));
  window.shut();
  void window.push(new Uint8Array(4));
  expect(window.total).toBe(12);
  expect(sent.map(({ at, bytes }) => [at, bytes])).toEqual([[5, 3]]);
});

test("[E8] a frame is never larger than the wire allows, and nothing of it is lost or moved", async () => {
  const { sent, window } = stage();
  window.open();
  void window.push(new Uint8Array(300 * KIB));
  while (
    sent.some(({ bytes }) => bytes > 0) &&
    window.total > sent.reduce((s, f) => s + f.bytes, 0)
  )
    for (const frame of sent) {
      frame.taken();
      await Promise.resolve();
    }
  expect(Math.max(...sent.map(({ bytes }) => bytes))).toBeLessThanOrEqual(192 * KIB);
  let at = 0;
  for (const frame of sent) {
    expect(frame.at).toBe(at);
    at += frame.bytes;
  }
  expect(at).toBe(300 * KIB);
});
