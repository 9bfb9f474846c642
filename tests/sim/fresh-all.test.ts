import { expect, test } from "bun:test";
import { drawScenario } from "../../sim/play/draw.ts";
import { playFresh } from "./fresh.ts";

const MINUTE_MS = 60_000;

/** Smaller than drawn: many short plays see more than a few long ones. */
function shortened(seed: number): ReturnType<typeof drawScenario> {
  const { size, activeMs, ...rest } = drawScenario(seed);
  const minutes = Math.ceil(activeMs / 3 / MINUTE_MS);
  return {
    ...rest,
    size: { ...size, beads: Math.min(size.beads, 5) },
    activeMs: minutes * MINUTE_MS,
  };
}

test("[R1] fresh seeds under faults of every kind keep every invariant and come to rest", () => {
  expect(playFresh(1, shortened)).toBeGreaterThanOrEqual(10);
}, 300_000);
