import { expect, test } from "bun:test";
import { join } from "node:path";
import { deliverySchema, type Round } from "../../protocol/index.ts";
import { tableAfter } from "../../tests/support/markdown-table.ts";
import { baseHolds, branchOf, landedBranch } from "./delivery.ts";
import { returnedByPerson, roundsUsedUp } from "./rounds.ts";

const spec = await Bun.file(join(import.meta.dir, "../../docs/spec.md")).text();

test("[D6] the specification has a row for every delivery with and without code review", () => {
  const rows = tableAfter(spec, "## Delivery").map(
    (row) => `${row["delivery"]} ${row["code review"]}`,
  );
  expect(rows).toEqual(deliverySchema.options.flatMap((each) => [`${each} on`, `${each} off`]));
});

test("[D6] a landing counts on the target and on its integration branch, however the ref is spelt", () => {
  for (const ref of [
    "main",
    "refs/heads/main",
    "gastown/landed/main",
    "refs/heads/gastown/landed/main",
  ])
    expect([ref, baseHolds(ref, "main")]).toEqual([ref, true]);
  for (const ref of ["develop", "gastown/landed/develop", "landed/main", null])
    expect([ref, baseHolds(ref, "main")]).toEqual([ref, false]);
  expect(landedBranch("main")).toBe("gastown/landed/main");
  expect(branchOf("refs/heads/feature/x")).toBe("feature/x");
});

test("[D4] rounds are capped, but what a person returns is worked on once more", () => {
  const round = (change: Partial<Round>): Round => ({
    round: 5,
    headOid: "a".repeat(40),
    baseOid: "b".repeat(40),
    summary: "",
    gates: [],
    verdict: null,
    feedback: null,
    comments: [],
    reviewerRunId: null,
    authorRunId: null,
    at: 0,
    ...change,
  });
  expect(roundsUsedUp(null, 5)).toBe(false);
  expect(roundsUsedUp(round({ round: 4 }), 5)).toBe(false);
  expect(roundsUsedUp(round({}), 5)).toBe(true);
  const byRefinery = round({ verdict: "request_changes", reviewerRunId: "rn_1" });
  expect(returnedByPerson(byRefinery)).toBe(false);
  expect(roundsUsedUp(byRefinery, 5)).toBe(true);
  expect(roundsUsedUp(round({ verdict: "request_changes" }), 5)).toBe(false);
});
