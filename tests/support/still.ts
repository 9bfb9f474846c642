// A run that stands still, as the rules of the ladder see it.
import { POLICY } from "../../server/model/policy.ts";
import { reconcile } from "../../server/reconcile/reconcile.ts";
import type { RunView, Snapshot } from "../../server/reconcile/snapshot.ts";
import { issue, NOW, review, run, snapshot } from "./snapshot.ts";

export const STILL_MS = POLICY.workStillMs;

/** A polecat's run without progress for so long, at a rung. */
export function stillRun(stillMs: number, change: Partial<RunView> = {}): RunView {
  return run({ rungSince: NOW - stillMs, ...change });
}

/** What the town decides of it. */
export function decideStill(one: RunView, town: Partial<Snapshot> = {}) {
  const isReview = one.kind === "review";
  const issues = [
    isReview ? issue({ state: "in_review", reviewId: "mr_1" }) : issue({ state: "in_progress" }),
  ];
  const reviews = isReview ? [review({ state: "reviewing" })] : [];
  return reconcile(snapshot({ runs: [one], issues, reviews, ...town }));
}
