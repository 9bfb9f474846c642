import { expect, test } from "bun:test";
import type { FactOf } from "../../../../protocol/index.ts";
import {
  actionsOf,
  gate,
  HEAD,
  issue,
  review,
  rig,
  run,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const RULE = "review/settle-merge";
const settled = (
  change: Parameters<typeof run>[0],
  state: "in_review" | "open" = "in_review",
  rigs = [rig()],
) => {
  const runs = [
    run({ kind: "merge", state: "ended", outcome: "done", reviewId: "mr_1", ...change }),
  ];
  const reviews = [review({ state: "merging" })];
  const issues = [issue({ state, reviewId: "mr_1" })];
  return stepsOf(reconcile(snapshot({ runs, reviews, issues, rigs })), RULE);
};
const landed: FactOf<"landed"> = {
  kind: "landed",
  headOid: HEAD,
  hint: "git pull",
  proof: {
    method: "merge",
    ref: "refs/heads/main",
    sourceOid: HEAD,
    mergeOid: "d".repeat(40),
    targetOid: "e".repeat(40),
  },
};
const notLanded = (code: FactOf<"not_landed">["code"]): FactOf<"not_landed"> => ({
  kind: "not_landed",
  headOid: HEAD,
  code,
  message: "it did not work",
  gates: code === "gates_red" ? [gate({ ok: false })] : [],
  conflicts: code === "conflict" ? ["a.ts"] : [],
});

test("[review/settle-merge] [B8] proof from git closes the bead, and nothing else does", () => {
  const steps = settled({ result: landed });
  expect(actionsOf(steps, "move_review")[0]).toMatchObject({
    event: "merge_landed",
    proof: landed.proof,
    hint: "git pull",
  });
  expect(actionsOf(steps, "move_issue")[0]).toMatchObject({
    event: "landed",
    outcome: "landed",
    landed: { on: "refs/heads/main", oid: "d".repeat(40) },
  });
});

test("[review/settle-merge] the proof is kept though its bead has moved on", () => {
  const steps = settled({ result: landed }, "open");
  expect(actionsOf(steps, "move_review")[0]?.proof).toEqual(landed.proof);
  expect(actionsOf(steps, "move_issue")).toEqual([]);
});

test.each(["conflict", "gates_red"] as const)(
  "[review/settle-merge] %s goes back to the author",
  (code) => {
    const steps = settled({ result: notLanded(code) });
    expect(actionsOf(steps, "move_review")[0]?.event).toBe("merge_returned");
    expect(actionsOf(steps, "move_issue")[0]?.event).toBe("returned");
  },
);

test.each(["target_moved", "infrastructure"] as const)(
  "[review/settle-merge] %s is tried again and blames nobody",
  (code) => {
    const steps = settled({ result: notLanded(code) });
    expect(actionsOf(steps, "move_review")[0]?.event).toBe("merge_retry");
    expect(actionsOf(steps, "move_issue")).toEqual([]);
    expect(actionsOf(steps, "retry_review")[0]?.as).toBe("infra");
  },
);

test("[review/settle-merge] a landing that the remote refuses asks a person at once", () => {
  const steps = settled({ result: notLanded("refused") });
  expect(actionsOf(steps, "move_review")[0]).toMatchObject({
    event: "capped",
    failure: { code: "landing_refused", message: "it did not work" },
  });
  expect(actionsOf(steps, "escalate")).toHaveLength(1);
  expect(actionsOf(steps, "retry_review")).toEqual([]);
});

test("[review/settle-merge] [D3] red gates on a moved target are looked at there first", () => {
  const steps = settled({ result: notLanded("gates_red") }, "in_review", [
    rig({ movedTo: "e".repeat(40) }),
  ]);
  expect(actionsOf(steps, "move_review")[0]?.event).toBe("merge_retry");
  expect(actionsOf(steps, "move_issue")).toEqual([]);
});

test("[review/settle-merge] what a landing makes of the target is known to be green", () => {
  expect(actionsOf(settled({ result: landed }), "prove_target")).toEqual([
    { do: "prove_target", rigId: "rg_1", oid: "d".repeat(40) },
  ]);
  const elsewhere = { ...landed, proof: { ...landed.proof, ref: "gastown/landed/main" } };
  expect(actionsOf(settled({ result: elsewhere }), "prove_target")).toEqual([]);
  const byOthers = { ...landed, proof: { ...landed.proof, method: "contained" as const } };
  expect(actionsOf(settled({ result: byOthers }), "prove_target")).toEqual([]);
});

test("[review/settle-merge] [SC-REMOTE-5] a landing of another head proves nothing of this one", () => {
  const steps = settled({ result: { ...landed, headOid: "c".repeat(40) } });
  expect(actionsOf(steps, "move_review")[0]?.event).toBe("merge_retry");
});

const laneMarks = (steps: ReturnType<typeof settled>) =>
  actionsOf(steps, "mark_lane").map(({ open }) => open);

test("[review/settle-merge] [D1] a merge that was lost may still land, until another has taken the lane", () => {
  for (const outcome of ["lost", "crashed", "evicted", "stopped_by_person"] as const)
    expect([outcome, laneMarks(settled({ outcome, result: null }))]).toEqual([outcome, [true]]);
  expect(laneMarks(settled({ outcome: "rejected", result: null }))).toEqual([]);
  expect(laneMarks(settled({ result: notLanded("infrastructure") }))).toEqual([true]);
  expect(laneMarks(settled({ result: notLanded("refused") }))).toEqual([]);
  const after = (result: ReturnType<typeof notLanded> | typeof landed) => {
    const runs = [
      run({ kind: "merge", state: "ended", outcome: "done", reviewId: "mr_1", result }),
    ];
    const reviews = [review({ state: "merging", laneOpen: true })];
    const issues = [issue({ state: "in_review", reviewId: "mr_1" })];
    return laneMarks(stepsOf(reconcile(snapshot({ runs, reviews, issues })), RULE));
  };
  expect(after(landed)).toEqual([false]);
  // Each of its tries may have been refused before it had the lane.
  expect(after(notLanded("target_moved"))).toEqual([]);
  expect(after(notLanded("withdrawn"))).toEqual([false]);
  expect(after(notLanded("infrastructure"))).toEqual([]);
});

test("[review/settle-merge] [D1] what a withdrawal finds landed has landed, though the bead was returned before", () => {
  const steps = settled({ outcome: "done", withdraws: true, result: landed }, "open");
  expect(actionsOf(steps, "move_issue")[0]).toMatchObject({ event: "landed" });
});

test("[review/settle-merge] [D1] a withdrawal approves nothing of a bead that was returned before", () => {
  for (const result of [notLanded("withdrawn"), notLanded("infrastructure")]) {
    const steps = settled({ outcome: "done", withdraws: true, result }, "open");
    expect(actionsOf(steps, "move_review")[0]).toMatchObject({ event: "withdraw_ended" });
  }
});

test("[review/settle-merge] [D1] a person is told of a withdrawal that infrastructure fails for long", () => {
  const told = (infraSince: number | null, withdraws = true) => {
    const ended = { kind: "merge", state: "ended", outcome: "lost", reviewId: "mr_1" } as const;
    const reviews = [review({ state: "merging", laneOpen: true, infraSince })];
    const issues = [issue({ state: "open", reviewId: "mr_1" })];
    const runs = [run({ ...ended, withdraws })];
    const plan = reconcile(snapshot({ runs, reviews, issues }));
    return actionsOf(stepsOf(plan, RULE), "escalate").map(({ title }) => title);
  };
  const { now, policy } = snapshot({});
  expect(told(now - policy.infraPatienceMs)).toEqual(["Has it landed? Sort the list"]);
  expect(told(now - policy.infraPatienceMs + 1)).toEqual([]);
  expect(told(now - policy.infraPatienceMs, false)).toEqual([]);
});
