/** Rows as the outside sees them. Each image is of one entity; references are ids. */
import { and, asc, eq, ne, sql } from "drizzle-orm";
import { taskChoiceSchema } from "../../../protocol/index.ts";
import type {
  Agent,
  AnyImage,
  BeadEvent,
  BeadWork,
  Convoy,
  ImageKind,
  Issue,
  Review,
  Rig,
  Run,
  Runner,
  Town,
  UsageTotals,
} from "../../../protocol/index.ts";
import { escalationImage, mailImage, questionImage, triageImage } from "./attention-images.ts";
import { chatImage } from "./chat-images.ts";
import { moleculeImage } from "./molecule-image.ts";
import { commonImage } from "./common-image.ts";
import type { Db } from "../database.ts";
import {
  agents,
  beadDependencies,
  beadEvents,
  beads,
  convoys,
  issues,
  reviews,
  rounds,
} from "../schema/beads.ts";
import { rigs, runners, runs, turns, usageTotals } from "../schema/runs.ts";
import { town } from "../schema/town.ts";
import { readModelSettings, type SecretReader } from "../settings.ts";
import { given, prepared } from "../prepared.ts";
import { agentStateOf } from "../../model/agents/agent-states.ts";
import type { Policy } from "../../model/policy.ts";
import { limitsImage } from "../limits/limits.ts";
import { present } from "../present.ts";
import { rowAt } from "../rows.ts";
import { notInTrash } from "../trash/in-trash.ts";
import { ALL_USAGE } from "../town-row.ts";

/** What an image needs beside the database. */
export interface ImageContext {
  secrets: SecretReader;
  appVersion: string;
  slots: number;
  now: number;
  policy: Policy;
  observingUntil: number | null;
  /** Told of a row that cannot be read, so that it does not hide the others. */
  unreadable(kind: ImageKind, id: string, error: unknown): void;
}

const id = given("id");
const issuesRow = prepared((db) =>
  db
    .select()
    .from(issues)
    .innerJoin(beads, eq(beads.id, issues.beadId))
    .where(and(eq(issues.beadId, id), notInTrash(beads.rigId)))
    .prepare(),
);
const convoysRow = prepared((db) =>
  db
    .select()
    .from(convoys)
    .innerJoin(beads, eq(beads.id, convoys.beadId))
    .where(and(eq(convoys.beadId, id), notInTrash(beads.rigId)))
    .prepare(),
);
const reviewsRow = prepared((db) =>
  db
    .select()
    .from(reviews)
    .innerJoin(beads, eq(beads.id, reviews.beadId))
    .where(and(eq(reviews.beadId, id), notInTrash(beads.rigId)))
    .prepare(),
);
const agentsRow = prepared((db) =>
  db
    .select()
    .from(agents)
    .innerJoin(beads, eq(beads.id, agents.beadId))
    .where(and(eq(agents.beadId, id), notInTrash(beads.rigId)))
    .prepare(),
);
const blockerRows = prepared((db) =>
  db
    .select({ on: beadDependencies.onId })
    .from(beadDependencies)
    .where(and(eq(beadDependencies.beadId, id), eq(beadDependencies.type, "blocks")))
    .prepare(),
);
const roundRows = prepared((db) =>
  db.select().from(rounds).where(eq(rounds.reviewId, id)).orderBy(asc(rounds.round)).prepare(),
);
const openTurn = prepared((db) =>
  db
    .select({ id: turns.id })
    .from(turns)
    .where(and(eq(turns.runId, given("runId")), eq(turns.state, "running")))
    .prepare(),
);
const eventRow = prepared((db) =>
  db.select().from(beadEvents).where(eq(beadEvents.id, id)).prepare(),
);
const runRow = prepared((db) =>
  db
    .select()
    .from(runs)
    .where(and(eq(runs.id, id), notInTrash(runs.rigId)))
    .prepare(),
);
const rigRow = prepared((db) => db.select().from(rigs).where(eq(rigs.id, id)).prepare());
const runnerRow = prepared((db) => db.select().from(runners).where(eq(runners.id, id)).prepare());

export function issueImage(db: Db, id: string): Issue | null {
  const row = issuesRow(db).get({ id });
  if (!row) return null;
  const { beads: bead, issues: issue } = row;
  const blockedBy = blockerRows(db).all({ id });
  return {
    ...commonImage(bead),
    type: "issue",
    body: bead.body,
    convoyId: issue.convoyId,
    parentId: bead.parentId,
    assigneeId: bead.assigneeId,
    reviewId: issue.reviewId,
    runId: issue.runId,
    priority: bead.priority,
    labels: bead.labels,
    delivery: issue.delivery,
    cycle: issue.cycle,
    round: issue.round,
    attempt: issue.runsTotal,
    workAttempts: issue.workAttempts,
    startFailures: issue.startFailures,
    blockedBy: blockedBy.map((each) => each.on),
    wait: issue.wait,
    held: bead.held,
    archivedAt: bead.archivedAt,
    closing: issue.closing,
    taken: issue.taken,
    wishedAgentId: issue.wishedAgentId,
    checks: issue.checks,
    landing: issue.landing,
    headOid: issue.headOid,
    baseOid: issue.baseOid,
    landedOn: issue.landedOn,
    landedOid: issue.landedOid,
    savedWork: issue.savedRunId === null ? null : beadWork(db, issue.savedRunId),
    outcome: issue.outcome,
    failure: issue.failure,
    stateSince: issue.stateSince,
    closedAt: bead.closedAt,
  };
}

type SavedColumns = Pick<
  typeof runs.$inferSelect,
  "savedLines" | "savedAtRisk" | "savedKept" | "savedReason"
>;

function savedOf(row: SavedColumns, oid: string, at: number) {
  const { savedLines: lines, savedAtRisk: atRisk, savedKept: kept, savedReason: reason } = row;
  return { oid, at, lines, atRisk, kept, reason };
}

const savedRow = prepared((db) =>
  db
    .select({
      runnerId: runs.runnerId,
      savedOid: runs.savedOid,
      savedAt: runs.savedAt,
      savedLines: runs.savedLines,
      savedAtRisk: runs.savedAtRisk,
      savedKept: runs.savedKept,
      savedReason: runs.savedReason,
    })
    .from(runs)
    .where(eq(runs.id, id))
    .prepare(),
);

function beadWork(db: Db, runId: string): BeadWork | null {
  const row = savedRow(db).get({ id: runId });
  if (!row?.savedOid || row.savedAt === null) return null;
  return { runId, runnerId: row.runnerId, ...savedOf(row, row.savedOid, row.savedAt) };
}

const failedTasks = prepared((db) =>
  db
    .select({ id: issues.beadId })
    .from(issues)
    // Not by the index of states: it would read everything that ever failed.
    .where(and(eq(issues.convoyId, given("id")), sql`+${issues.state} = 'failed'`))
    .orderBy(asc(issues.beadId))
    .prepare(),
);

/** Failed tasks of a convoy under way are a question to a person; the card shows the choices. */
function questionOf(db: Db, id: string, state: Convoy["state"]): Convoy["question"] {
  const failed = state === "active" || state === "landing" ? failedTasks(db).all({ id }) : [];
  if (failed.length === 0) return null;
  return { beads: failed.map((row) => row.id), choices: [...taskChoiceSchema.options] };
}

export function convoyImage(db: Db, id: string): Convoy | null {
  const row = convoysRow(db).get({ id });
  if (!row) return null;
  const { state, mode, branch, failure, landedAt } = row.convoys;
  return {
    ...commonImage(row.beads),
    type: "convoy",
    mode,
    branch,
    state,
    failure,
    landedAt,
    archivedAt: row.beads.archivedAt,
    question: questionOf(db, id, state),
  };
}

export function reviewImage(db: Db, id: string): Review | null {
  const row = reviewsRow(db).get({ id });
  if (!row) return null;
  const all = roundRows(db).all({ id });
  const { subjectId, cycle, state, proof, wait, failure, landingHint } = row.reviews;
  return {
    ...commonImage(row.beads),
    rigId: present(row.beads.rigId, `rig of ${id}`),
    type: "merge_request",
    subjectId,
    cycle,
    state,
    rounds: all.map((each) => each.record),
    proof,
    wait,
    failure,
    landingHint,
  };
}

export function agentImage(db: Db, id: string): Agent | null {
  const row = agentsRow(db).get({ id });
  if (!row) return null;
  const { name, role, runId, workBeadId, bubble, lastActivityAt } = row.agents;
  const isAtRest = role === "mayor" && runId !== null && !hasOpenTurn(db, runId);
  return {
    ...commonImage(row.beads),
    type: "agent",
    name,
    role,
    state: isAtRest ? "idle" : agentStateOf(row.agents),
    beadId: workBeadId,
    runId,
    bubble,
    lastActivityAt,
  };
}

/** A session's run outlives its turns: between them its agent is idle. */
function hasOpenTurn(db: Db, runId: string): boolean {
  return openTurn(db).get({ runId }) !== undefined;
}

function eventImage(db: Db, id: string): BeadEvent | null {
  return eventRow(db).get({ id }) ?? null;
}

export function runImage(db: Db, id: string): Run | null {
  const row = runRow(db).get({ id });
  if (!row) return null;
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    phase: row.phase,
    outcome: row.outcome,
    reason: row.reason,
    resource: row.resource,
    fence: { epoch: row.fenceEpoch, n: row.fenceN },
    beadId: row.beadId,
    reviewId: row.reviewId,
    rigId: row.rigId,
    sessionId: row.sessionId,
    agentId: row.agentId,
    runnerId: row.runnerId,
    attempt: row.attempt,
    round: row.round,
    model: row.model,
    ports: row.ports,
    began: row.began,
    context: row.context,
    offeredAt: row.offeredAt,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    lastProgressAt: row.progressAt,
    leaseUntilAt: null,
    usage: {
      calls: row.calls,
      inputTokens: row.inputTokens,
      outputTokens: row.outputTokens,
      reasoningTokens: row.reasoningTokens,
      cacheReadTokens: row.cacheReadTokens,
      cacheWriteTokens: row.cacheWriteTokens,
      costUsd: row.costMicroUsd / 1e6,
      unpricedCalls: row.unpricedCalls,
    },
    savedWork:
      row.savedRef && row.savedOid && row.savedAt
        ? {
            ref: row.savedRef,
            ...savedOf(row, row.savedOid, row.savedAt),
            left: row.savedLeft,
            remoteOid: row.savedRemoteOid,
          }
        : null,
    notSaved: row.state === "ended" ? null : row.notSaved,
  };
}

export function rigImage(db: Db, id: string): Rig | null {
  const row = rigRow(db).get({ id });
  if (!row || row.removedAt !== null) return null;
  const {
    baselineTries: _tries,
    infraSince: _since,
    movedTo: _moved,
    proven: _proven,
    backOffUntil: _until,
    labelsAt: _labelsAt,
    removedAt: _removed,
    ...rig
  } = row;
  return rig;
}

export function runnerImage(db: Db, id: string): Runner | null {
  const row = runnerRow(db).get({ id });
  if (!row) return null;
  const {
    name,
    local,
    state,
    incarnation,
    isolation,
    isolationReason,
    programs,
    lfs,
    slots,
    appVersion,
    host,
    lastSeenAt,
    leavingAt,
    away,
    revokedAt,
    rights,
  } = row;
  return {
    id,
    name,
    local,
    state,
    incarnation,
    isolation,
    isolationReason,
    programs,
    lfs,
    slots,
    version: appVersion,
    host,
    lastSeenAt,
    leavingAt,
    away,
    revokedAt,
    rights,
    labels: row.labels,
  };
}

export function townImage(db: Db, context: ImageContext): Town | null {
  const row = db.select().from(town).get();
  if (!row) return null;
  return {
    id: row.id,
    name: row.name,
    epoch: row.epoch,
    appVersion: context.appVersion,
    demo: row.demo,
    model: readModelSettings(db, context.secrets),
    sessionId: row.sessionId,
    slots: context.slots,
    observingUntilAt: context.observingUntil,
    limits: limitsImage(db, context.now, context.policy),
    linesAtRisk: linesAtRisk(db),
    usage: totalUsage(db),
    startedAt: row.startedAt,
  };
}

const atRisk = prepared((db) =>
  db
    .select({ lines: sql<number>`coalesce(sum(${runs.savedAtRisk}), 0)` })
    .from(runs)
    .innerJoin(beads, eq(beads.id, runs.beadId))
    // In the words of the index.
    .where(and(sql`saved_at_risk > 0`, ne(beads.status, "closed"), notInTrash(runs.rigId)))
    .prepare(),
);

function linesAtRisk(db: Db): number {
  return atRisk(db).get()?.lines ?? 0;
}

function totalUsage(db: Db): UsageTotals {
  const {
    costMicroUsd,
    id: _id,
    ...tokens
  } = present(rowAt(db, usageTotals, ALL_USAGE), "the totals of usage");
  return { ...tokens, costUsd: costMicroUsd / 1e6 };
}

/** The image of any entity as the change feed carries it; null when it is gone. */
export function imageOf(db: Db, kind: ImageKind, id: string, context: ImageContext): AnyImage {
  switch (kind) {
    case "issue":
      return { kind, id, value: issueImage(db, id) };
    case "convoy":
      return { kind, id, value: convoyImage(db, id) };
    case "molecule":
      return { kind, id, value: moleculeImage(db, id) };
    case "review":
      return { kind, id, value: reviewImage(db, id) };
    case "agent":
      return { kind, id, value: agentImage(db, id) };
    case "escalation":
      return { kind, id, value: escalationImage(db, id) };
    case "mail":
      return { kind, id, value: mailImage(db, id) };
    case "question":
      return { kind, id, value: questionImage(db, id) };
    case "triage":
      return { kind, id, value: triageImage(db, id) };
    case "event":
      return { kind, id, value: eventImage(db, id) };
    case "run":
      return { kind, id, value: runImage(db, id) };
    case "rig":
      return { kind, id, value: rigImage(db, id) };
    case "runner":
      return { kind, id, value: runnerImage(db, id) };
    case "town":
      return { kind, id, value: townImage(db, context) };
    case "chat":
      return { kind, id, value: chatImage(db, id) };
  }
}

/** The same of one among many; null also when it cannot be read, which is told. */
export function readableImage<K extends ImageKind>(
  db: Db,
  kind: K,
  id: string,
  context: ImageContext,
): Extract<AnyImage, { kind: K }> | null {
  try {
    return imageOf(db, kind, id, context) as Extract<AnyImage, { kind: K }>;
  } catch (error) {
    context.unreadable(kind, id, error);
    return null;
  }
}
