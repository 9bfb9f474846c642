/** Reads of beads that ask for somebody, as the rules see them. Prepared once. */
import { and, asc, eq, getTableColumns, inArray, isNull, ne, or, sql } from "drizzle-orm";
import { escalationState, urgent } from "../../model/attention-states.ts";
import { nextReminderAt } from "../../model/escalation.ts";
import { POLICY } from "../../model/policy.ts";
import type {
  AskedView,
  EscalationView,
  MailView,
  QuestionView,
  TriageView,
} from "../../reconcile/attention.ts";
import type { Db } from "../database.ts";
import { kindOfId } from "../id-kind.ts";
import { prepared } from "../prepared.ts";
import { escalations, mails, questions, triageRequests } from "../schema/attention.ts";
import { beads, convoys, issues, reviews } from "../schema/beads.ts";
import { rigs, runners, runs } from "../schema/runs.ts";
import { notInTrash } from "../trash/in-trash.ts";

const id = sql.placeholder("id");

export interface AttentionViews {
  /** Null when it is resolved: no rule decides about it any more. */
  escalation: (id: string) => EscalationView | null;
  /** Null when it is not open. */
  question: (id: string) => QuestionView | null;
  /** Null when it is seen or expired. */
  mail: (id: string) => MailView | null;
}

export function prepareAttentionViews(db: Db): AttentionViews {
  const stateOf = subjectState(db);
  const row = db
    .select({ escalation: escalations, createdAt: beads.createdAt })
    .from(escalations)
    .innerJoin(beads, eq(beads.id, escalations.beadId))
    .where(and(eq(escalations.beadId, id), isNull(escalations.resolvedAt), notInTrash(beads.rigId)))
    .prepare();
  const triagesOf = prepareTriagesOf(db);
  const openQuestion = db
    .select(getTableColumns(questions))
    .from(questions)
    .innerJoin(beads, eq(beads.id, questions.beadId))
    .where(and(eq(questions.beadId, id), eq(questions.state, "open"), notInTrash(beads.rigId)))
    .prepare();
  return {
    mail: prepareMail(db),
    question(questionId) {
      const found = openQuestion.get({ id: questionId });
      return found ? { ...found, id: questionId, beadState: stateOf(found.workBeadId) } : null;
    },
    escalation(escalationId) {
      const found = row.get({ id: escalationId });
      if (!found) return null;
      const { escalation, createdAt } = found;
      const { severity, subjectId, remindAt } = escalation;
      const state = escalationState(escalation);
      if (state === "resolved") return null;
      return {
        ...escalation,
        id: escalationId,
        state,
        subjectState: subjectId === null ? null : stateOf(subjectId),
        triages: escalation.ambiguous ? triagesOf(subjectId) : { isOpen: false, made: 0 },
        remindAt: remindAt ?? nextReminderAt(createdAt, state, severity, POLICY),
      };
    },
  };
}

function prepareTriagesOf(db: Db): (workBeadId: string | null) => EscalationView["triages"] {
  const counts = db
    .select({
      open: sql<number>`coalesce(sum(${triageRequests.state} = 'open'), 0)`,
      made: sql<number>`count(*)`,
    })
    .from(triageRequests)
    .where(eq(triageRequests.workBeadId, id))
    .prepare();
  return (workBeadId) => {
    const found = workBeadId === null ? undefined : counts.get({ id: workBeadId });
    return { isOpen: (found?.open ?? 0) > 0, made: found?.made ?? 0 };
  };
}

/** All open requests of triage, oldest first. Few: their number is capped. */
export function prepareTriages(db: Db): () => TriageView[] {
  const rows = db
    .select({
      request: triageRequests,
      rigId: beads.rigId,
      convoyId: issues.convoyId,
      workBeadId: issues.beadId,
      escalation: escalations,
      liveRunId: runs.id,
    })
    .from(triageRequests)
    .innerJoin(beads, eq(beads.id, triageRequests.beadId))
    .leftJoin(issues, eq(issues.beadId, triageRequests.workBeadId))
    .leftJoin(escalations, eq(escalations.beadId, triageRequests.escalationId))
    // Of a run that is settled it waits for nothing more.
    .leftJoin(runs, and(eq(runs.id, triageRequests.runId), isNull(runs.settledAt)))
    .where(and(eq(triageRequests.state, "open"), notInTrash(beads.rigId)))
    .orderBy(asc(triageRequests.beadId))
    .prepare();
  return () =>
    rows.all().map(({ request, rigId, convoyId, workBeadId, escalation, liveRunId }) => ({
      ...{ rigId, convoyId, id: request.beadId, runId: liveRunId, tries: request.tries },
      escalationId: request.escalationId,
      workBeadId: request.workBeadId,
      // A call for help is asked about only while it is not.
      isPersons: escalation?.source.startsWith("run:") === true && urgent(escalation.severity),
      // Of a bead that was deleted nobody asks any more.
      escalationState: escalation && workBeadId !== null ? escalationState(escalation) : null,
    }));
}

function prepareMail(db: Db): AttentionViews["mail"] {
  const row = db
    .select(getTableColumns(mails))
    .from(mails)
    .innerJoin(beads, eq(beads.id, mails.beadId))
    .where(and(eq(mails.beadId, id), notInTrash(beads.rigId)))
    .prepare();
  const holder = db
    .select({ id: runs.id })
    .from(runs)
    // A literal: the partial index of live runs is used only then.
    .where(and(eq(runs.id, id), sql`${runs.state} <> 'ended'`))
    .prepare();
  const taker = db
    .select({ id: runs.id, state: runs.state })
    .from(runs)
    .where(
      and(
        or(
          and(eq(runs.beadId, id), eq(runs.kind, "work")),
          and(eq(runs.agentId, id), inArray(runs.kind, ["work", "review"])),
        ),
        sql`${runs.state} in ('accepted', 'preparing', 'running')`,
        isNull(runs.stopOrderedAt),
      ),
    )
    .limit(1)
    .prepare();
  return (mailId) => {
    const found = row.get({ id: mailId });
    if (found?.state !== "queued" && found?.state !== "delivered") return null;
    const { state, runId, toId, expiresAt, onlyRun } = found;
    const free = taker.get({ id: toId });
    return {
      ...{ id: mailId, state, runId, expiresAt, onlyRun },
      runLives: runId !== null && holder.get({ id: runId }) !== undefined,
      takerId: free?.id ?? null,
      takerState: free?.state ?? null,
    };
  };
}

/** What an issue bead has asked and is not withdrawn, oldest first. */
export function prepareAsked(db: Db): (beadId: string) => AskedView[] {
  const rows = db
    .select({ question: questions, text: beads.body })
    .from(questions)
    .innerJoin(beads, eq(beads.id, questions.beadId))
    .where(and(eq(questions.workBeadId, id), ne(questions.state, "withdrawn")))
    .orderBy(asc(questions.beadId))
    .prepare();
  return (beadId) =>
    rows.all({ id: beadId }).map(({ question, text }) => ({
      ...question,
      id: question.beadId,
      state: question.state === "open" ? "open" : "answered",
      question: text,
    }));
}

/** The state of anything that an escalation may be about; null when there is no such thing. */
export const subjectState = prepared((db) => {
  const readers = {
    // A parked bead stays open: for who reads this, that is a state.
    issue: db
      .select({
        state: sql<string>`case when ${issues.parked} is null then ${issues.state} else 'parked' end`,
      })
      .from(issues)
      .where(eq(issues.beadId, id))
      .prepare(),
    review: db
      .select({ state: reviews.state })
      .from(reviews)
      .where(eq(reviews.beadId, id))
      .prepare(),
    convoy: db
      .select({ state: convoys.state })
      .from(convoys)
      .where(eq(convoys.beadId, id))
      .prepare(),
    rig: db
      .select({ state: rigs.state })
      .from(rigs)
      .where(and(eq(rigs.id, id), isNull(rigs.removedAt)))
      .prepare(),
    runner: db.select({ state: runners.state }).from(runners).where(eq(runners.id, id)).prepare(),
    run: db.select({ state: runs.state }).from(runs).where(eq(runs.id, id)).prepare(),
  };
  return (subjectId: string): string | null => {
    const kind = kindOfId(subjectId);
    if (kind === null || !Object.hasOwn(readers, kind)) return null;
    return readers[kind as keyof typeof readers].get({ id: subjectId })?.state ?? null;
  };
});
