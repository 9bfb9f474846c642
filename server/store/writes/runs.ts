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
import type { Tx } from "../tx.ts";
import { assignAgent, releaseAgent, takeAgent } from "./agents.ts";
import { noteEnd, touchTown } from "./limits/limits.ts";
import { dropEffects, owe } from "./outbox.ts";

const ORDER: Record<RunState, number> = {
  offered: 0,
  accepted: 1,
  preparing: 2,
  running: 3,
  ended: 4,
};

/** Raises the fence of a resource. It advances when a run is offered, never when a lease expires. */
function nextFence(tx: Tx, resource: string): Fence {
  const last = tx.db.select().from(fences).where(eq(fences.resource, resource)).get();
  const fence = { epoch: tx.epoch, n: (last?.n ?? 0) + 1 };
  tx.db
    .insert(fences)
    .values({ resource, ...fence })
    .onConflictDoUpdate({ target: fences.resource, set: fence })
    .run();
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
  const offerSeq = nextOfferSeq(tx, request.runnerId);
  const { kind, resource, beadId, reviewId, rigId, sessionId, runnerId, model, round } = request;
  tx.db
    .insert(runs)
    .values({
      id: runId,
      kind,
      state: "offered",
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
    })
    .run();
  if (agent) assignAgent(tx, agent.id, runId, beadId);
  owe(tx, { kind: "run.offer", subject: runId, runnerId, argument: "" });
  tx.touch("run", runId);
  return { runId, agentId: agent?.id ?? null, spec };
}

function agentFor(tx: Tx, request: OfferRequest, role: Role): { id: string; name: string } {
  if (role !== "mayor" || !request.sessionId)
    return takeAgent(tx, role, request.rigId, wishedAgent(tx, request));
  const session = tx.db.select().from(sessions).where(eq(sessions.id, request.sessionId)).get();
  if (!session) throw new Error(`session ${request.sessionId} is not there`);
  return { id: session.agentId, name: "Mayor" };
}

function wishedAgent(tx: Tx, { kind, beadId }: OfferRequest): string | null {
  if (kind !== "work" || beadId === null) return null;
  const row = tx.db
    .select({ id: issues.wishedAgentId })
    .from(issues)
    .where(eq(issues.beadId, beadId))
    .get();
  return row?.id ?? null;
}

function countAttempt(tx: Tx, beadId: string): number {
  const row = tx.db
    .update(issues)
    .set({ runsTotal: sql`${issues.runsTotal} + 1` })
    .where(eq(issues.beadId, beadId))
    .returning({ total: issues.runsTotal })
    .get();
  return row.total;
}

function nextOfferSeq(tx: Tx, runnerId: string): number {
  const row = tx.db
    .update(runners)
    .set({ offerSeq: sql`${runners.offerSeq} + 1` })
    .where(eq(runners.id, runnerId))
    .returning({ seq: runners.offerSeq })
    .get();
  return row.seq;
}

/** Moves a run forward; an older state changes nothing. */
export function advanceRun(tx: Tx, runId: string, state: RunState, phase: string | null): void {
  const row = tx.db.select({ state: runs.state }).from(runs).where(eq(runs.id, runId)).get();
  if (!row || row.state === "ended") return;
  const forward = ORDER[state] > ORDER[row.state];
  if (!forward && phase === null) return;
  tx.db
    .update(runs)
    .set({
      ...(forward && { state }),
      ...(phase !== null && { phase }),
      ...(forward && state === "accepted" && { acceptedAt: tx.now }),
      // Its wall time is counted from here.
      ...(forward && state === "running" && { startedAt: tx.now, frozenMs: 0 }),
    })
    .where(eq(runs.id, runId))
    .run();
  tx.touch("run", runId);
}

/** @returns false when the run had ended before */
export function endRun(
  tx: Tx,
  runId: string,
  outcome: Outcome,
  reason: FailureReason | null,
): boolean {
  const row = tx.db.select().from(runs).where(eq(runs.id, runId)).get();
  if (!row || row.state === "ended") return false;
  tx.db
    .update(runs)
    .set({ state: "ended", outcome, reason, endedAt: tx.now, phase: null })
    .where(eq(runs.id, runId))
    .run();
  noteEnd(tx, row, { outcome, reason });
  if (row.agentId) releaseAgent(tx, row.agentId, runId);
  dropEffects(tx, runId);
  tx.touch("run", runId);
  // The town shows what everything cost: once a run, not once a call.
  if (row.calls > 0) touchTown(tx);
  return true;
}

export function settleRun(tx: Tx, runId: string): void {
  tx.db.update(runs).set({ settledAt: tx.now }).where(eq(runs.id, runId)).run();
  tx.touch("run", runId);
}

/** Asks the runner to stop the run with its work saved; its exit settles it. */
export function orderStop(
  tx: Tx,
  runId: string,
  outcome: "stopped_by_town" | "stopped_by_person",
  reason: string,
  code: string | null = null,
): void {
  const row = tx.db.select().from(runs).where(eq(runs.id, runId)).get();
  // The first order counts: the runner has been told, or will be.
  if (!row || row.state === "ended" || row.stopOrderedAt !== null) return;
  tx.db
    .update(runs)
    .set({ stopOutcome: outcome, stopReason: reason, stopCode: code, stopOrderedAt: tx.now })
    .where(eq(runs.id, runId))
    .run();
  owe(tx, { kind: "run.stop", subject: runId, runnerId: row.runnerId, argument: "" });
  tx.touch("run", runId);
}
