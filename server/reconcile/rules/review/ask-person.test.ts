import { expect, test } from "bun:test";
import { POLICY } from "../../../model/policy.ts";
import {
  actionsOf,
  issue,
  NOW,
  review,
  round,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const asked = (
  change: Parameters<typeof review>[0],
  state: "in_review" | "open" | "in_progress" = "in_review",
) => {
  const issues = [issue({ state, reviewId: "mr_1", round: 6 })];
  return stepsOf(reconcile(snapshot({ issues, reviews: [review(change)] })), "review/ask-person");
};

test.each(["queued", "reviewing", "approved"] as const)(
  "[review/ask-person] [SC-REVIEW-3] five tries of a step end a %s review with a person",
  (state) => {
    expect(asked({ state, tries: 4 })).toEqual([]);
    const steps = asked({ state, tries: 5 });
    expect(actionsOf(steps, "move_review")[0]?.event).toBe("capped");
    expect(actionsOf(steps, "escalate")).toHaveLength(1);
  },
);

test("[review/ask-person] what infrastructure fails is capped by time, not by number", () => {
  const { infraPatienceMs } = POLICY;
  const failing = { state: "queued", infraTries: 400 } as const;
  expect(asked({ ...failing, infraSince: NOW - infraPatienceMs + 1 })).toEqual([]);
  const steps = asked({ ...failing, infraSince: NOW - infraPatienceMs });
  expect(actionsOf(steps, "move_review")[0]?.failure?.message).toContain("400 times in 6 hours");
  expect(actionsOf(steps, "escalate")).toHaveLength(1);
});

test("[review/ask-person] the fifth round that comes back asks; what a person returned does not", () => {
  const state = "changes_requested";
  const byRefinery = { verdict: "request_changes", reviewerRunId: "rn_2" } as const;
  expect(asked({ state, latest: round({ round: 4, ...byRefinery }) }, "open")).toEqual([]);
  expect(asked({ state, latest: round({ round: 5, ...byRefinery }) }, "open")).toHaveLength(1);
  // The figure was lowered while its author was at work on the next round.
  expect(asked({ state, latest: round({ round: 5, ...byRefinery }) }, "in_progress")).toEqual([]);
  const byPerson = round({ round: 5, verdict: "request_changes" });
  expect(asked({ state, latest: byPerson }, "open")).toEqual([]);
});

test("[review/ask-person] what a person returned in the last round is given to an author again", () => {
  const latest = round({ round: 5, verdict: "request_changes", feedback: "shorter" });
  const plan = reconcile(
    snapshot({
      issues: [issue({ reviewId: "mr_1", round: 6 })],
      reviews: [review({ state: "changes_requested", latest })],
    }),
  );
  const spec = actionsOf(plan.steps, "offer")[0]?.request.spec({
    runId: "rn_9",
    fence: { epoch: 1, n: 1 },
    attempt: 1,
    agent: { id: "ag_1", name: "Amber" },
  });
  expect(spec?.kind === "work" && spec.bead.feedback).toMatchObject({
    source: "person",
    text: "shorter",
  });
});
