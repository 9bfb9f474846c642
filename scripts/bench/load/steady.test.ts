import { expect, test } from "bun:test";
import { steadily } from "./steady.ts";

test("[BENCH-steady] work begins at its rate, each is timed by itself, and what never arrives counts as long as it was awaited", async () => {
  let arrived: (n: number) => void = () => undefined;
  const begun: number[] = [];
  const { times, missing } = await steadily(
    { perSecond: 1_000, windowMs: 50, lateMsMax: 40 },
    (n) => {
      begun.push(n);
      if (n !== 7) setImmediate(() => arrived(n));
      // Told twice: only the first time counts.
      if (n === 3) setTimeout(() => arrived(n), 30);
    },
    (tell) => (arrived = tell),
  );
  expect(begun).toEqual(Array.from({ length: 50 }, (_, n) => n));
  expect(times.length).toBe(50);
  expect(missing).toBe(1);
  expect(times[7]).toBe(Math.max(...times));
  expect(times[7]).toBeGreaterThanOrEqual(40);
  expect(times.every((time) => time >= 0)).toBe(true);
});
