import { expect, test } from "bun:test";
import { drawScenario } from "../../sim/play/draw.ts";
import { playFresh } from "./fresh.ts";

test("[R1] fresh seeds under faults of every kind keep every invariant and come to rest", () => {
  expect(playFresh(1, drawScenario)).toBeGreaterThanOrEqual(10);
}, 300_000);
