/** What a triage run is told of a request. Cut to what fits a frame: five of them are one offer. */
import { and, desc, eq, ne, sql } from "drizzle-orm";
import type { TriageAction, TriageSpec } from "../../../protocol/index.ts";
import { RUNG } from "../../model/ladder.ts";
import type { Db } from "../database.ts";
import { given, prepared } from "../prepared.ts";
import { present } from "../present.ts";
import { rowAt } from "../rows.ts";
import { escalations, triageRequests } from "../schema/attention.ts";
import { beads, issues } from "../schema/beads.ts";
import { runs } from "../schema/runs.ts";

const TEXT_CHARS_MAX = 6_000;
const FAILURES_MAX = 3;
const FAILURE_CHARS_MAX = 500;

const ACTIONS: TriageAction[] = ["retry", "guide", "hold", "escalate"];

const lastFailures = prepared((db) =>
  db
    .select({ kind: runs.kind, outcome: runs.outcome, reason: runs.reason })
    .from(runs)
    .where(and(eq(runs.beadId, given("id")), eq(runs.state, "ended"), ne(runs.outcome, "done")))
    .orderBy(desc(runs.id))
    .limit(FAILURES_MAX)
    .prepare(),
);
const liveWork = prepared((db) =>
  db
    .select()
    .from(runs)
    .where(
      and(
        eq(runs.beadId, given("id")),
        eq(runs.kind, "work"),
        // A literal: the partial index of live runs is used only then.
        sql`${runs.state} <> 'ended'`,
      ),
    )
    .limit(1)
    .prepare(),
);

/**
 * The run of the request's bead that `retry` ends: the one that called for help, or one on a rung of the ladder. One that
 * moves is left alone.
 */
export function standingRun(
  db: Db,
  { workBeadId, escalationId }: { workBeadId: string; escalationId: string },
): typeof runs.$inferSelect | null {
  const run = liveWork(db).get({ id: workBeadId });
  if (!run || run.stopOrderedAt !== null) return null;
  const called = rowAt(db, escalations, escalationId)?.source === `run:${run.id}`;
  return called || run.rung > RUNG.ground || run.repeating !== null ? run : null;
}

export function triageSpec(db: Db, requestId: string): TriageSpec {
  const request = present(rowAt(db, triageRequests, requestId), `triage request ${requestId}`);
  const escalation = present(rowAt(db, escalations, request.escalationId), "its escalation");
  const about = present(rowAt(db, beads, request.escalationId), "its escalation's bead");
  const bead = present(rowAt(db, beads, request.workBeadId), "its bead");
  const issue = present(rowAt(db, issues, request.workBeadId), "its bead's row");
  return {
    id: requestId,
    severity: escalation.severity,
    title: about.title,
    text: about.body.slice(0, TEXT_CHARS_MAX),
    bead: {
      id: bead.id,
      title: bead.title,
      body: bead.body.slice(0, TEXT_CHARS_MAX),
      state: issue.parked === null ? issue.state : "parked",
      workAttempts: issue.workAttempts,
    },
    standsStill: standingRun(db, request) !== null,
    failures: lastFailures(db).all({ id: request.workBeadId }).map(failureLine),
    actions: ACTIONS,
  };
}

function failureLine({
  kind,
  outcome,
  reason,
}: ReturnType<ReturnType<typeof lastFailures>["all"]>[number]): string {
  const why = reason === null ? "" : `: ${reason.message}`;
  return `${kind} ended as ${outcome ?? "lost"}${why}`.slice(0, FAILURE_CHARS_MAX);
}
