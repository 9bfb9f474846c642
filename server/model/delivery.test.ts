import { expect, test } from "bun:test";
import { join } from "node:path";
import { deliverySchema, type Round } from "../../protocol/index.ts";
import { tableAfter } from "../../tests/support/markdown-table.ts";
import { baseHolds, branchOf, convoyBranch, landedBranch, landingOf } from "./delivery.ts";
import { returnedByPerson, roundsUsedUp } from "./rounds.ts";

const spec = await Bun.file(join(import.meta.dir, "../../docs/spec.md")).text();

test("[D6] every delivery, with and without code review, in each convoy mode, is as the specification's row says", () => {
  const rows = tableAfter(spec, "## Delivery");
  const told = rows.map(({ delivery, "code review": review, convoy }) =>
    [delivery, review, convoy].join(" "),
  );
  const combinations = deliverySchema.options.flatMap((delivery) =>
    ["on", "off"].flatMap((review) =>
      ["none", "review-and-merge", "review-then-land: a bead", "review-then-land: the landing"].map(
        (convoy) => [delivery, review, convoy].join(" "),
      ),
    ),
  );
  expect(told).toEqual(combinations);
  for (const row of rows) {
    const own = row["convoy"]?.startsWith("review-then-land") === true;
    const bead = {
      delivery: deliverySchema.parse(row["delivery"]),
      convoyBranch: own ? "CONVOY" : null,
      landing: row["convoy"]?.endsWith("the landing") === true,
      authorRunId: null,
    };
    const rig = { delivery: "none" as const, codeReview: row["code review"] === "on" };
    const { delivery, convoyBranch, unreviewed } = landingOf(bead, rig);
    const branch = convoyBranch ?? (delivery === "merge" ? "TARGET" : landedBranch("TARGET"));
    const place = delivery === "none" ? ", in the runner's own store" : "";
    expect([row["convoy"], `\`${branch}\`${place}`]).toEqual([
      row["convoy"],
      row["where it lands"] ?? "",
    ]);
    const approves = unreviewed ? "green gates" : "green gates and the refinery";
    expect([row["convoy"], approves]).toEqual([row["convoy"], row["who approves"] ?? ""]);
  }
});

test("[D6] what an agent adds to a landing is reviewed, for nobody has seen it", () => {
  const bead = { delivery: null, convoyBranch: "CONVOY", landing: true };
  const rig = { delivery: "merge", codeReview: true } as const;
  expect(landingOf({ ...bead, authorRunId: null }, rig)).toMatchObject({
    delivery: "merge",
    unreviewed: true,
  });
  expect(landingOf({ ...bead, authorRunId: "rn_1" }, rig).unreviewed).toBe(false);
});

test("[B6] [SC-CONVOY-11] a bead of a convoy with its own branch begins there, or on the target when that has landed", () => {
  const own = "gastown/convoy/all-abc123";
  expect(baseHolds(`refs/heads/${own}`, "main", own)).toBe(true);
  for (const ref of ["main", "gastown/landed/main"])
    expect([ref, baseHolds(ref, "main", own)]).toEqual([ref, true]);
  for (const ref of ["develop", "gastown/convoy/other-abc123", null])
    expect([ref, baseHolds(ref, "main", own)]).toEqual([ref, false]);
  expect(baseHolds(own, "main")).toBe(false);
  expect(convoyBranch("Sort the List, quickly!", "cv_0123456789abcdef")).toBe(
    "gastown/convoy/sort-the-list-quickly-abcdef",
  );
  expect(convoyBranch("日本", "cv_0123456789abcdef")).toBe("gastown/convoy/abcdef");
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
