/** What people say and decide: the Mayor, reviews, runs. */
import { and, eq, ne } from "drizzle-orm";
import { ok, refuse } from "../../protocol/index.ts";
import { reviewImage, runImage } from "../store/images/images.ts";
import { findBead, findRun } from "../store/refs.ts";
import { issues, reviews } from "../store/schema/beads.ts";
import { runs, sessions } from "../store/schema/runs.ts";
import { bumpVersion } from "../store/writes/beads.ts";
import { moveIssue } from "../store/writes/issues.ts";
import { moveReview, recordRound } from "../store/writes/reviews.ts";
import { pauseOf } from "../store/writes/limits/pauses.ts";
import { orderStop } from "../store/writes/runs.ts";
import { addTurn, awaitSession } from "../store/writes/sessions.ts";
import type { Apply } from "./command.ts";
import { present } from "../store/present.ts";

export const sayToMayor: Apply<"mayor.say"> = (tx, body) => {
  const session = tx.db.select().from(sessions).limit(1).get();
  if (!session) throw new Error("the town has no session");
  const { messageId, turnId } = addTurn(tx, session.id, body.text);
  tx.touch("chat", turnId);
  return ok({ messageId, turnId });
};

/** Somebody has opened the conversation: what he will say finds the Mayor up. A wish that cannot be met soon is forgotten. */
export const wakeMayor: Apply<"mayor.wake"> = (tx) => {
  if (pauseOf(tx, "town")?.kind === "stop")
    return refuse("illegal_transition", "the town is stopped: resume it, and the Mayor gets up.");
  const session = tx.db.select().from(sessions).limit(1).get();
  if (!session) throw new Error("the town has no session");
  const live = tx.db
    .select({ id: runs.id })
    .from(runs)
    .where(and(eq(runs.sessionId, session.id), ne(runs.state, "ended")))
    .get();
  if (live === undefined) awaitSession(tx, session.id);
  return ok({ isUp: live !== undefined });
};

export const stopRun: Apply<"run.stop"> = (tx, body) => {
  const run = findRun(tx.db, body.run);
  if (!run.ok) return run;
  if (run.value.state === "ended")
    return refuse(
      "illegal_transition",
      "this run has ended already: there is nothing left to stop.",
    );
  if (run.value.kind === "merge") {
    return refuse("merge_in_flight", "a merge is not stopped half-way: it settles in a moment.", {
      retryable: true,
      minBackoffMs: 2_000,
    });
  }
  orderStop(tx, run.value.id, "stopped_by_person", "stopped by a person");
  return ok(present(runImage(tx.db, run.value.id), `run ${run.value.id}`));
};

export const decideReview: Apply<"review.decide"> = (tx, body) => {
  const bead = findBead(tx.db, body.review, ["merge_request"], "review");
  if (!bead.ok) return bead;
  if (body.version !== undefined && body.version !== bead.value.version) {
    return refuse("stale_version", "the review was changed since you looked. Look again.");
  }
  const { id } = bead.value;
  const review = present(
    tx.db.select().from(reviews).where(eq(reviews.beadId, id)).get(),
    `reviews row of ${id}`,
  );
  const issue = present(
    tx.db.select().from(issues).where(eq(issues.beadId, review.subjectId)).get(),
    `issues row of ${review.subjectId}`,
  );
  const approve = body.verdict === "approve";
  if (!approve && body.feedback === "")
    return refuse("invalid_body", "feedback: say what should change.");
  const event = approve ? "person_approved" : "person_returned";
  const text = approve
    ? "approved by a person"
    : `returned by a person: ${body.feedback.split("\n", 1)[0]}`;
  if (!moveReview(tx, id, event, { text, failure: null })) {
    return refuse(
      "illegal_transition",
      `the review is ${review.state.replaceAll("_", " ")}: only one that needs a person can be decided here.`,
    );
  }
  if (approve && issue.state === "open")
    moveIssue(tx, review.subjectId, "resumed_review", { text });
  if (!approve) {
    recordRound(tx, id, {
      verdict: "request_changes",
      feedback: body.feedback,
      reviewerRunId: null,
    });
    if (issue.state === "in_review") {
      moveIssue(tx, review.subjectId, "returned", { text, nextRound: review.rounds + 1 });
    }
  }
  bumpVersion(tx, id);
  return ok(present(reviewImage(tx.db, id), `review ${id}`));
};
