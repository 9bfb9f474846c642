import { expect, test } from "bun:test";
import fc from "fast-check";
import { backOffMs } from "./backoff.ts";
import { POLICY } from "./policy.ts";

test("[C4] a wait doubles up to its cap, and jitter takes at most a fifth", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.string(), (failures, seed) => {
      const full = Math.min(POLICY.backOffMaxMs, POLICY.backOffBaseMs * 2 ** (failures - 1));
      const wait = backOffMs(failures, seed, POLICY);
      expect(wait).toBeLessThanOrEqual(full);
      expect(wait).toBeGreaterThanOrEqual(Math.floor(full * 0.8));
      expect(backOffMs(failures, seed, POLICY)).toBe(wait);
    }),
  );
});

test("[C4] neighbours do not wake together", () => {
  const waits = Array.from({ length: 50 }, (_, i) => backOffMs(10, `bd_${i}`, POLICY));
  expect(new Set(waits).size).toBeGreaterThan(40);
});
