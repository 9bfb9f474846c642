import { expect, test } from "bun:test";
import { POLICY } from "./policy.ts";
import {
  isPaused,
  mustStagger,
  struck,
  troubleOf,
  usesFallback,
  type ProviderView,
  type Trouble,
} from "./provider.ts";

const NOW = 1_700_000_000_000;
const strike = (
  before: ProviderView | undefined,
  now: number,
  trouble: Trouble = "throttled",
  retryAfterMs: number | null = null,
) => {
  const reason = { code: trouble, message: "slow", source: "runner", details: { retryAfterMs } };
  return struck("agents", before, { trouble, reason, model: "m" }, { now, policy: POLICY });
};

test("[C24] only ends that are the provider's say something of it", () => {
  expect(troubleOf("throttled", "throttled")).toBe("throttled");
  expect(troubleOf("quota", null)).toBe("quota");
  expect(troubleOf("rejected", "model_auth")).toBe("refused");
  expect(troubleOf("rejected", "model_unreachable")).toBe("unreachable");
  for (const outcome of ["done", "crashed", "lost", "stopped_by_person"] as const)
    expect(troubleOf(outcome, "model_auth")).toBeNull();
});

test("[C24] a storm of throttled runs is one strike; a try that fails doubles the wait", () => {
  const first = strike(undefined, NOW);
  const storm = strike(first, NOW + 1_000);
  expect([first.strikes, storm.strikes]).toEqual([1, 1]);
  expect(storm.since).toBe(NOW);
  const again = strike(storm, NOW + 60_000);
  expect([again.strikes, again.since]).toEqual([2, NOW]);
  const waitMs = (view: ProviderView, from: number) => (view.untilAt ?? 0) - from;
  expect(waitMs(first, NOW)).toBeGreaterThan(0.8 * POLICY.throttleBaseMs - 1);
  expect(waitMs(again, NOW + 60_000)).toBeGreaterThan(1.5 * POLICY.throttleBaseMs);
});

test("[C24] the provider's own time counts when it is longer", () => {
  expect(strike(undefined, NOW, "throttled", 900_000).untilAt).toBe(NOW + 900_000);
  expect(strike(undefined, NOW, "quota", 7_200_000).untilAt).toBe(NOW + 7_200_000);
  expect(strike(undefined, NOW, "quota").untilAt).toBe(NOW + POLICY.quotaRetryMs);
});

test("[C24] a refused key waits for a person, not for time", () => {
  const refused = strike(undefined, NOW, "refused");
  expect(refused.untilAt).toBeNull();
  expect(isPaused(refused, NOW + 10 * 86_400_000)).toBe(true);
});

test("[C24] after the pause runs are released one by one", () => {
  const view = { ...strike(undefined, NOW), untilAt: NOW + 10, releaseAt: NOW + 20 };
  expect([isPaused(view, NOW + 9), mustStagger(view, NOW + 9)]).toEqual([true, false]);
  expect([isPaused(view, NOW + 10), mustStagger(view, NOW + 10)]).toEqual([false, true]);
  expect(mustStagger(view, NOW + 20)).toBe(false);
});

test("[C24] the fallback model works while the quota of the other is used up, and only then", () => {
  const quota = strike(undefined, NOW, "quota");
  expect(usesFallback(quota, "other", NOW + 1)).toBe(true);
  expect(usesFallback(quota, null, NOW + 1)).toBe(false);
  expect(usesFallback(quota, "m", NOW + 1)).toBe(false);
  expect(usesFallback(quota, "other", NOW + POLICY.quotaRetryMs)).toBe(false);
  expect(usesFallback(strike(undefined, NOW), "other", NOW + 1)).toBe(false);
});
