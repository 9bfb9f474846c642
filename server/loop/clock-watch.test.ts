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
  expect(watch.gapMs(false)).toBe(0);
});

test("[C6] a host that slept, or whose clock was set, leaves a gap, once", () => {
  const { watch, pass } = watched();
  pass(60_000, 5);
  expect(watch.gapMs(false)).toBe(59_995);
  expect(watch.gapMs(false)).toBe(0);
  pass(-60_000, 5);
  expect(watch.gapMs(false)).toBe(-60_005);
});

test("[C6] a timer that fires far too late is a gap, a wake-up by a command is not", () => {
  const { watch, pass } = watched();
  watch.sleeping(1_000);
  pass(12_000);
  expect(watch.gapMs(false)).toBe(0);
  watch.sleeping(1_000);
  pass(12_000);
  expect(watch.gapMs(true)).toBe(11_000);
  watch.sleeping(1_000);
  pass(1_500);
  expect(watch.gapMs(true)).toBe(0);
});

test("[C6] a process that stood still between what woke it and its turn leaves a gap", () => {
  const { watch, pass } = watched();
  watch.sleeping(30_000);
  watch.waking();
  pass(60_000);
  watch.waking();
  expect(watch.gapMs(false)).toBe(60_000);
  watch.waking();
  pass(5);
  expect(watch.gapMs(false)).toBe(0);
});
