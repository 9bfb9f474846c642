import type { RunLimits } from "../../protocol/run-spec.ts";

/** Limits as a town sets them. */
export const LIMITS: RunLimits = {
  wallMs: 3_600_000,
  turnsMax: 20,
  firstTokenMs: 180_000,
  silenceMs: 120_000,
  repromptsMax: 1,
  cutOffMs: 3_600_000,
  warmMs: 300_000,
  warmWorkMs: 0,
};
