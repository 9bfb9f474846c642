/** Runs: offered under a new fence, moved forward only, ended once. */
import { eq, sql } from "drizzle-orm";
import type {
  FailureReason,
  Fence,
  Outcome,
  Role,
  RunSpec,
  RunState,
} from "../../../protocol/index.ts";
import type { OfferRequest } from "../../reconcile/plan.ts";
import { issues } from "../schema/beads.ts";
import { fences, runners, runs, sessions } from "../schema/runs.ts";
import { town } from "../schema/town.ts";
import { given, prepared } from "../prepared.ts";
import type { Tx } from "../tx.ts";
import { assignAgent, releaseAgent, takeAgent } from "./agents.ts";
import { onTheGround } from "./ladder.ts";
import { noteEnd, touchTown } from "./limits/limits.ts";
import { dropEffects, owe } from "./outbox.ts";
import { addRow, changeRow, rowAt, valueAt } from "../rows.ts";

const ORDER: Record<RunState, number> = {
  offered: 0,
  accepted: 1,
  preparing: 2,
  running: 3,
  ended: 4,
};

/** A runner knows fences of a later epoch: this town was put back, on a host whose clock was ahead before. */
export function raiseFences(tx: Tx, known: number): void {
  if (known <= fenceEpoch(tx)) return;
  tx.db
    .update(town)
    .set({ fenceEpochMin: known + 1 })
    .run();
}

/** The epoch of fences: the town's own, unless runners know higher ones. */
function fenceEpoch(tx: Tx): number {
  return Math.max(tx.epoch, lowest(tx.db).get()?.min ?? 0);
}
const lowest = prepared((db) => db.select({ min: town.fenceEpochMin }).from(town).prepare());

/** Raises the fence of a resource. It advances when a run is offered, never when a lease expires. */
function nextFence(tx: Tx, resource: string): Fence {
  const last = rowAt(tx.db, fences, resource);
  const fence = { epoch: fenceEpoch(tx), n: (last?.n ?? 0) + 1 };
  if (last) changeRow(tx.db, fences, resource, fence);
  else addRow(tx.db, fences, { resource, ...fence });
  return fence;
}

/** Inserts the run, gives it an agent, and owes the offer to its runner. */
export function offerRun(
  tx: Tx,
  request: OfferRequest,
  complete: (spec: RunSpec) => RunSpec = (spec) => spec,
): { runId: string; agentId: string | null; spec: RunSpec } {
  const runId = tx.newId("run");
  const fence = nextFence(tx, request.resource);
  const agent = request.role ? agentFor(tx, request, request.role) : null;
  const attempt = request.kind === "work" && request.beadId ? countAttempt(tx, request.beadId) : 1;
  const spec = complete(
    request.spec({ runId, fence, attempt, agent: agent ?? { id: "", name: "" } }),
  );
  const { seq: offerSeq, rights } = nextOffer(tx.db).get({ id: request.runnerId });
  const { kind, resource, beadId, reviewId, rigId, sessionId, runnerId, model, round } = request;
  addRow(tx.db, runs, {
    id: runId,
    kind,
    state: "offered",
    relayed: agent !== null && !rights.includes("model"),
    resource,
    fenceEpoch: fence.epoch,
    fenceN: fence.n,
    offerSeq,
    beadId,
    reviewId,
    rigId,
    sessionId,
    agentId: agent?.id ?? null,
    runnerId,
    attempt,
    round,
    model,
    spec,
    offeredAt: tx.now,
  });
  if (agent) assignAgent(tx, agent.id, runId, beadId);
  owe(tx, { kind: "run.offer", subject: runId, runnerId, argument: "" });
  tx.touch("run", runId);
  return { runId, agentId: agent?.id ?? null, spec };
}

function agentFor(tx: Tx, request: OfferRequest, role: Role): { id: string; name: string } {
  if (role !== "mayor" || !request.sessionId)
    return takeAgent(tx, role, request.rigId, wishedAgent(tx, request));
  const session = rowAt(tx.db, sessions, request.sessionId);
  if (!session) throw new Error(`session ${request.sessionId} is not there`);
  return { id: session.agentId, name: "Mayor" };
}

function wishedAgent(tx: Tx, { kind, beadId }: OfferRequest): string | null {
  if (kind !== "work" || beadId === null) return null;
  return valueAt(tx.db, issues.wishedAgentId, beadId) ?? null;
}

function countAttempt(tx: Tx, beadId: string): number {
  return nextAttempt(tx.db).get({ id: beadId }).total;
}
const nextAttempt = prepared((db) =>
  db
    .update(issues)
    .set({ runsTotal: sql`${issues.runsTotal} + 1` })
    .where(eq(issues.beadId, given("id")))
    .returning({ total: issues.runsTotal })
    .prepare(),
);

const nextOffer = prepared((db) =>
  db
    .update(runners)
    .set({ offerSeq: sql`${runners.offerSeq} + 1` })
    .where(eq(runners.id, given("id")))
    .returning({ seq: runners.offerSeq, rights: runners.rights })
    .prepare(),
);

/** Moves a run forward; an older state changes nothing. */
export function advanceRun(tx: Tx, runId: string, state: RunState, phase: string | null): void {
  const before = valueAt(tx.db, runs.state, runId);
  if (before === undefined || before === "ended") return;
  const forward = ORDER[state] > ORDER[before];
  if (!forward && phase === null) return;
  changeRow(tx.db, runs, runId, {
    ...(forward && { state }),
    ...(phase !== null && { phase }),
    ...onTheGround(tx.now),
    ...(forward && state === "accepted" && { acceptedAt: tx.now }),
    // Its wall time is counted from here.
    ...(forward && state === "running" && { startedAt: tx.now, frozenMs: 0 }),
  });
  tx.touch("run", runId);
  if (!forward || state !== "accepted") return;
  const [rigId, runnerId] = [
    valueAt(tx.db, runs.rigId, runId),
    valueAt(tx.db, runs.runnerId, runId),
  ];
  if (rigId && runnerId) noteWarm(tx, runnerId, rigId);
}

/** @returns false when the run had ended before */
export function endRun(
  tx: Tx,
  runId: string,
  outcome: Outcome,
  reason: FailureReason | null,
): boolean {
  const row = rowAt(tx.db, runs, runId);
  if (!row || row.state === "ended") return false;
  changeRow(tx.db, runs, runId, { state: "ended", outcome, reason, endedAt: tx.now, phase: null });
  noteEnd(tx, row, { outcome, reason });
  if (row.agentId) releaseAgent(tx, row.agentId, runId);
  dropEffects(tx, runId);
  tx.touch("run", runId);
  // The town shows what everything cost: once a run, not once a call.
  if (row.calls > 0) touchTown(tx);
  return true;
}

export function settleRun(tx: Tx, runId: string): void {
  changeRow(tx.db, runs, runId, { settledAt: tx.now });
  tx.touch("run", runId);
}

/** People were told of its tree that could not be saved. */
export function markKeptTold(tx: Tx, runId: string): void {
  changeRow(tx.db, runs, runId, { keptTold: true });
  tx.touch("run", runId);
}

/** Asks the runner to stop the run with its work saved; its exit settles it. */
export function orderStop(
  tx: Tx,
  runId: string,
  outcome: "stopped_by_town" | "stopped_by_person" | "evicted",
  reason: string,
  code: string | null = null,
): void {
  const row = rowAt(tx.db, runs, runId);
  // The first order counts: the runner has been told, or will be.
  if (!row || row.state === "ended" || row.stopOrderedAt !== null) return;
  changeRow(tx.db, runs, runId, {
    stopOutcome: outcome,
    stopReason: reason,
    stopCode: code,
    stopOrderedAt: tx.now,
  });
  owe(tx, { kind: "run.stop", subject: runId, runnerId: row.runnerId, argument: "" });
  tx.touch("run", runId);
}

/** More rigs of a runner are of no use to choose by. */
const WARM_RIGS_MAX = 200;

/** The runner has taken a run of this rig, and fetches its repository: a hint for who is asked next. */
function noteWarm(tx: Tx, id: string, rigId: string): void {
  const warm = rowAt(tx.db, runners, id)?.warmRigs;
  if (warm === undefined || warm.includes(rigId)) return;
  changeRow(tx.db, runners, id, { warmRigs: [...warm.slice(1 - WARM_RIGS_MAX), rigId] });
  tx.touch("runner", id);
}
