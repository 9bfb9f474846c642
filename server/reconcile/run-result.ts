import type { FactOf } from "../../protocol/index.ts";

/** What a run reported that its settling rule needs, apart from its exit. */
export type RunResultFact = FactOf<
  "work_done" | "checked" | "verdict" | "landed" | "not_landed" | "baseline"
>;
