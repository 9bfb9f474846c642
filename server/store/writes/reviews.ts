/** Reviews and their rounds. */
import { and, eq, sql } from "drizzle-orm";
import type { FailureReason, Proof, Round } from "../../../protocol/index.ts";
import { REVIEW_STATUS, reviewAfter, type ReviewEvent } from "../../model/states.ts";
import { issues, reviews, rounds } from "../schema/beads.ts";
import type { Tx } from "../tx.ts";
import { insertBead, projectStatus, recordEvent } from "./beads.ts";
import { unqueue } from "./ready.ts";
import { addRow, changeRow, rowAt } from "../rows.ts";

export interface Submission {
  beadId: string;
  title: string;
  rigId: string;
  headOid: string;
  baseOid: string;
  branch: string;
  summary: string;
  round: number;
  cycle: number;
  /** null for what no run wrote: a convoy's branch. */
  runId: string | null;
}

/** Opens the review of (bead, cycle) or adds a round to it. One review per subject and cycle. */
export function submitReview(tx: Tx, submission: Submission): string {
  const { beadId, cycle, headOid, branch, round } = submission;
  const open = tx.db
    .select({ id: reviews.beadId })
    .from(reviews)
    .where(and(eq(reviews.subjectId, beadId), eq(reviews.cycle, cycle)))
    .get();
  const id = open?.id ?? insertReview(tx, submission);
  if (open) {
    const text = `round ${round} was submitted`;
    if (!moveReview(tx, id, "resubmitted", { text, runId: null }))
      throw new Error(`review ${id} takes no further round`);
    changeRow(tx.db, reviews, id, { headOid, branch, rounds: round });
  }
  const record: Round = {
    round,
    headOid,
    baseOid: submission.baseOid,
    summary: submission.summary,
    gates: [],
    verdict: null,
    feedback: null,
    comments: [],
    reviewerRunId: null,
    authorRunId: submission.runId,
    at: tx.now,
  };
  tx.db
    .insert(rounds)
    .values({ reviewId: id, round, record })
    .onConflictDoUpdate({ target: [rounds.reviewId, rounds.round], set: { record } })
    .run();
  changeRow(tx.db, issues, beadId, { reviewId: id });
  return id;
}

function insertReview(tx: Tx, submission: Submission): string {
  const id = insertBead(tx, {
    type: "merge_request",
    status: "open",
    title: `Review: ${submission.title}`.slice(0, 200),
    rigId: submission.rigId,
    parentId: null,
  });
  addRow(tx.db, reviews, {
    beadId: id,
    subjectId: submission.beadId,
    cycle: submission.cycle,
    state: "queued",
    stateSince: tx.now,
    rounds: submission.round,
    headOid: submission.headOid,
    branch: submission.branch,
  });
  recordEvent(tx, id, "created", "opened");
  return id;
}

const TRY_LOST: ReadonlySet<ReviewEvent> = new Set([
  "check_impossible",
  "merge_retry",
  "withdraw_ended",
  "review_lost",
]);

/** @returns false when the event is refused in the present state */
export function moveReview(
  tx: Tx,
  id: string,
  event: ReviewEvent,
  move: {
    text: string;
    runId?: string | null;
    proof?: Proof;
    hint?: string | null;
    failure?: FailureReason | null;
  },
): boolean {
  const row = rowAt(tx.db, reviews, id);
  if (!row) throw new Error(`review ${id} is not there`);
  const next = reviewAfter(row.state, event);
  if (next === null) return false;
  // A lost try leads back to where it began: its tries go on counting, all other moves start afresh.
  const keepsTries = TRY_LOST.has(event);
  const entersTry =
    event === "check_started" || event === "merge_started" || event === "withdraw_started";
  changeRow(tx.db, reviews, id, {
    state: next,
    stateSince: next === row.state ? row.stateSince : tx.now,
    ...(!keepsTries &&
      !entersTry && { tries: 0, infraTries: 0, infraSince: null, backOffUntil: null }),
    ...(move.proof && { proof: move.proof }),
    ...(move.hint !== undefined && { landingHint: move.hint }),
    ...(move.failure !== undefined && { failure: move.failure }),
    wait: null,
  });
  unqueue(tx, id);
  projectStatus(tx, id, "merge_request", REVIEW_STATUS[next]);
  tx.touch("issue", row.subjectId);
  recordEvent(tx, id, event, move.text, { failure: move.failure ?? null });
  if (event !== "resubmitted")
    recordEvent(tx, row.subjectId, `review_${event}`, `review: ${move.text}`);
  return true;
}

export function countReviewTry(
  tx: Tx,
  id: string,
  { as, backOffUntil }: { as: "step" | "infra" | "nothing"; backOffUntil: number | null },
): void {
  tx.db
    .update(reviews)
    .set({
      backOffUntil,
      ...(as === "step" && { tries: sql`${reviews.tries} + 1` }),
      ...(as === "infra" && {
        infraTries: sql`${reviews.infraTries} + 1`,
        infraSince: sql`coalesce(${reviews.infraSince}, ${tx.now})`,
      }),
    })
    .where(eq(reviews.beadId, id))
    .run();
  tx.touch("review", id);
}

/** Remembers whether a lost merge of the review may still land. */
export function markLane(tx: Tx, id: string, laneOpen: boolean): void {
  changeRow(tx.db, reviews, id, { laneOpen });
  tx.touch("review", id);
}

/** Adds to the newest round; what is not named stays. */
export function recordRound(tx: Tx, id: string, patch: Partial<Round>): void {
  const row = tx.db
    .select()
    .from(rounds)
    .where(eq(rounds.reviewId, id))
    .orderBy(sql`${rounds.round} desc`)
    .limit(1)
    .get();
  if (!row) throw new Error(`review ${id} has no round`);
  tx.db
    .update(rounds)
    .set({ record: { ...row.record, ...patch } })
    .where(and(eq(rounds.reviewId, id), eq(rounds.round, row.round)))
    .run();
  tx.touch("review", id);
}
