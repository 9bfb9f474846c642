import { expect, test } from "bun:test";
import { ClockWatch } from "./clock-watch.ts";

function watched() {
  const clock = {
    wall: 1_000_000,
    monotonic: 0,
    now: () => clock.wall,
    mono: () => clock.monotonic,
  };
  const pass = (wallMs: number, monoMs = wallMs) => {
    clock.wall += wallMs;
    clock.monotonic += monoMs;
  };
  return { watch: new ClockWatch(clock), pass };
}

test("[C6] time that passes on both clocks is no gap, however long", () => {
  const { watch, pass } = watched();
  pass(3_600_000);
  expect(watch.gap(false)).toBe(false);
});

test("[C6] a host that slept, or whose clock was set, leaves a gap, once", () => {
  const { watch, pass } = watched();
  pass(60_000, 5);
  expect(watch.gap(false)).toBe(true);
  expect(watch.gap(false)).toBe(false);
  pass(-60_000, 5);
  expect(watch.gap(false)).toBe(true);
});

test("[C6] a timer that fires far too late is a gap, a wake-up by a command is not", () => {
  const { watch, pass } = watched();
  watch.sleeping(1_000);
  pass(12_000);
  expect(watch.gap(false)).toBe(false);
  watch.sleeping(1_000);
  pass(12_000);
  expect(watch.gap(true)).toBe(true);
  watch.sleeping(1_000);
  pass(1_500);
  expect(watch.gap(true)).toBe(false);
});
