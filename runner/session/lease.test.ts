import { expect, test } from "bun:test";
import { backOffMs } from "./back-off.ts";
import { Lease } from "./lease.ts";

function handClock() {
  const clock = {
    wall: 1_000_000,
    monotonic: 0,
    now: () => clock.wall,
    mono: () => clock.monotonic,
  };
  const pass = (ms: number) => {
    clock.wall += ms;
    clock.monotonic += ms;
  };
  return { clock, pass };
}

test("[C6] authority begins with the first answer and ends a TTL after the send time", () => {
  const { clock, pass } = handClock();
  const lease = new Lease(clock);
  expect(lease.valid).toBe(false);
  const sentAt = lease.moment();
  pass(400);
  lease.renew(sentAt, 1_000);
  expect(lease.valid).toBe(true);
  pass(599);
  expect(lease.valid).toBe(true);
  pass(1);
  expect(lease.valid).toBe(false);
});

test("[C6] a host that slept has no authority though its monotonic clock stood still", () => {
  const { clock } = handClock();
  const lease = new Lease(clock);
  lease.renew(lease.moment(), 1_000);
  clock.wall += 60_000;
  expect(lease.valid).toBe(false);
});

test("[C6] a wall clock that is set back lends no authority", () => {
  const { clock, pass } = handClock();
  const lease = new Lease(clock);
  lease.renew(lease.moment(), 1_000);
  pass(2_000);
  clock.wall -= 3_600_000;
  expect(lease.valid).toBe(false);
});

test("[C6] whoever waits for authority gets it at the next renewal, or no when the run is stopped", async () => {
  const { clock } = handClock();
  const lease = new Lease(clock);
  const stop = new AbortController();
  const granted = lease.whenValid(new AbortController().signal);
  const refused = lease.whenValid(stop.signal);
  stop.abort();
  expect(await refused).toBe(false);
  lease.renew(lease.moment(), 1_000);
  expect(await granted).toBe(true);
});

test("[C6] back-off doubles up to its cap, its upper half by chance", () => {
  const range = { firstMs: 100, lastMs: 1_000 };
  expect([1, 2, 3, 9].map((attempt) => backOffMs(attempt, range, 0))).toEqual([50, 100, 200, 500]);
  expect([1, 2, 3, 9].map((attempt) => backOffMs(attempt, range, 0.999_999))).toEqual([
    100, 200, 400, 1_000,
  ]);
});
