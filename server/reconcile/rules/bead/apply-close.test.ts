import { expect, test } from "bun:test";
import {
  actionsOf,
  issue,
  review,
  run,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const closing = { outcome: "cancelled", reason: "not needed", waitsFor: "run" } as const;

test("[bead/apply-close] a bead is closed as wished once no run holds it", () => {
  const { steps } = reconcile(snapshot({ issues: [issue({ closing })] }));
  const [action] = actionsOf(
    stepsOf({ steps, faults: [], timers: [] }, "bead/apply-close"),
    "close_issue",
  );
  expect(action).toEqual({ do: "close_issue", beadId: "bd_1", reviewId: null, closing });
});

test.each([
  [
    "a live run",
    { runs: [run({ stopOrderedAt: 1 })], issues: [issue({ state: "in_progress", closing })] },
  ],
  [
    "a merge",
    {
      issues: [issue({ state: "in_review", reviewId: "mr_1", closing })],
      reviews: [review({ state: "merging" })],
      runs: [run({ id: "rn_2", kind: "merge", resource: "lane:rg_1:main", reviewId: "mr_1" })],
    },
  ],
] as const)("[bead/apply-close] it waits for %s", (_, change) => {
  const plan = reconcile(snapshot(change));
  expect(stepsOf(plan, "bead/apply-close")).toEqual([]);
});

test("[B7] of a bead that is being closed, held or archived nothing is offered", () => {
  for (const kept of [{ held: true }, { archived: true }, { closing }]) {
    const plan = reconcile(
      snapshot({
        issues: [issue(kept), issue({ id: "bd_2", state: "in_review", reviewId: "mr_1", ...kept })],
        reviews: [review({ subjectId: "bd_2", state: "approved" })],
        runs: [run({ id: "rn_9", resource: "bead:bd_1", stopOrderedAt: 1 })],
      }),
    );
    const offered = actionsOf(plan.steps, "offer").map(({ request }) => request.kind);
    // What is archived was at rest: a review of it may go on.
    expect([kept, offered]).toEqual([kept, "archived" in kept ? ["merge"] : []]);
  }
});

test("[D1] before a bead whose merge was lost is closed, a run is offered that lets nothing land any more", () => {
  const states = ["queued", "reviewing", "changes_requested", "approved", "needs_person"] as const;
  for (const state of states) {
    const plan = reconcile(
      snapshot({
        issues: [issue({ state: "in_review", reviewId: "mr_1", closing })],
        reviews: [review({ state, laneOpen: true, tries: 9 })],
      }),
    );
    expect(stepsOf(plan, "bead/apply-close")).toEqual([]);
    expect([state, actionsOf(plan.steps, "move_review").map(({ event }) => event)]).toEqual([
      state,
      ["withdraw_started"],
    ]);
    const [offer] = actionsOf(plan.steps, "offer");
    const given = { runId: "rn_9", fence: { epoch: 1, n: 1 }, attempt: 1 };
    const spec = offer?.request.spec({ ...given, agent: { id: "", name: "" } });
    expect(spec).toMatchObject({ kind: "merge", purpose: "withdraw" });
  }
});
