import { expect, test } from "bun:test";
import { SimClock } from "../../sim/clock.ts";
import { ScreenFeed } from "./screen-feed.ts";

const KIB = 1024;

function stage() {
  const clock = new SimClock();
  const written: Uint8Array[] = [];
  const feed = new ScreenFeed(clock, (bytes) => void written.push(bytes));
  const bytes = () => written.reduce((sum, part) => sum + part.byteLength, 0);
  return { clock, feed, bytes, text: () => Buffer.concat(written).toString("latin1") };
}

test("[E8] what a screen can follow it is given as it comes", () => {
  const { feed, text } = stage();
  for (const word of ["one ", "two ", "three"]) feed.push(Buffer.from(word));
  expect(text()).toBe("one two three");
  expect(feed.leftOut).toBe(0);
  expect(feed.ready()).toBeUndefined();
});

test("[E8] a flood costs the screen a bounded rate, leaves out the oldest and keeps the switches in it", async () => {
  const { clock, feed, bytes, text } = stage();
  const block = Buffer.alloc(16 * KIB, "x");
  for (let n = 0; n < 64; n++) feed.push(block);
  const atOnce = bytes();
  expect(atOnce).toBeLessThan(256 * KIB);
  feed.push(Buffer.from("\u001b[?1049h\u001b[?25l"));
  for (let n = 0; n < 200; n++) feed.push(block);
  feed.push(Buffer.from("the end"));
  expect(feed.leftOut).toBeGreaterThan(1024 * KIB);
  clock.advance(40);
  await Promise.resolve();
  expect(bytes() - atOnce).toBeLessThan(512 * KIB);
  const ready = feed.ready();
  clock.advance(10_000);
  await Promise.resolve();
  await ready;
  expect(text()).toContain("\u0018\u001b[?1049h\u001b[?25l");
  expect(text().endsWith("the end")).toBe(true);
});

test("[E8] a screen that is looked at has all that was printed", () => {
  const { feed, bytes } = stage();
  for (let n = 0; n < 40; n++) feed.push(new Uint8Array(16 * KIB));
  expect(bytes()).toBeLessThan(640 * KIB);
  feed.flush();
  expect(bytes()).toBe(640 * KIB);
});
