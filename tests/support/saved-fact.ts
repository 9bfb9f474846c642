import type { FactOf } from "../../protocol/index.ts";

/** What a runner tells of a save: ten lines that its disk alone holds, unless said otherwise. */
export function savedFact(
  more: Partial<FactOf<"saved_work">> & { oid: string },
): FactOf<"saved_work"> {
  return {
    kind: "saved_work",
    ref: "refs/gastown/wip/x/y",
    baseOid: "b".repeat(40),
    lines: 10,
    atRisk: 10,
    continues: null,
    kept: null,
    left: [],
    ...more,
  };
}
