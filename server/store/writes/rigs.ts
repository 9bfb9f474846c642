import { eq } from "drizzle-orm";
import type { FailureReason, GateResult } from "../../../protocol/index.ts";
import { rigs } from "../schema/runs.ts";
import type { Tx } from "../tx.ts";

export type RigRow = typeof rigs.$inferSelect;
type RigSettings = Pick<
  RigRow,
  | "target"
  | "delivery"
  | "codeReview"
  | "savedWork"
  | "gates"
  | "setup"
  | "egress"
  | "lfs"
  | "slots"
  | "labels"
  | "isolationConfirmed"
  | "directMergeConfirmed"
  | "environment"
> &
  Partial<Pick<RigRow, "credential">>;

/** A new rig waits for its baseline before anything is dispatched to it. */
export function insertRig(tx: Tx, rig: { name: string; remote: string } & RigSettings): string {
  const id = tx.newId("rig");
  tx.db
    .insert(rigs)
    .values({ id, ...rig, state: "checking", createdAt: tx.now })
    .run();
  tx.touch("rig", id);
  return id;
}

export function updateRig(tx: Tx, rig: RigRow, set: Partial<RigSettings>, recheck: boolean): void {
  tx.db
    .update(rigs)
    .set({
      ...set,
      ...(set.labels !== undefined && { labelsAt: tx.now }),
      version: rig.version + 1,
      ...(recheck && {
        state: "checking" as const,
        parked: null,
        baselineTries: 0,
        infraSince: null,
        movedTo: null,
        backOffUntil: null,
      }),
    })
    .where(eq(rigs.id, rig.id))
    .run();
  tx.touch("rig", rig.id);
}

export function setBaseline(
  tx: Tx,
  rigId: string,
  outcome: {
    target: string;
    state: "ready" | "parked" | "checking";
    parked: FailureReason | null;
    baseline: { oid: string; ok: boolean; gates: GateResult[] } | null;
    backOffUntil: number | null;
    tries: number;
    infraSince: number | null;
  },
): void {
  const { baseline } = outcome;
  tx.db
    .update(rigs)
    .set({
      target: outcome.target,
      state: outcome.state,
      parked: outcome.parked,
      backOffUntil: outcome.backOffUntil,
      baselineTries: outcome.tries,
      infraSince: outcome.infraSince,
      ...(baseline && { baseline: { ...baseline, at: tx.now }, movedTo: null }),
    })
    .where(eq(rigs.id, rigId))
    .run();
  if (baseline?.ok) proveTarget(tx, rigId, baseline.oid);
  tx.touch("rig", rigId);
}

/** Commits of the target that are remembered as green: what runs report late is among them. */
const PROVEN_MAX = 20;

/** The gates were green on this commit of the target. */
export function proveTarget(tx: Tx, rigId: string, oid: string): void {
  const row = tx.db.select().from(rigs).where(eq(rigs.id, rigId)).get();
  if (!row) return;
  const proven = [oid, ...row.proven.filter((each) => each !== oid)].slice(0, PROVEN_MAX);
  const movedTo = row.movedTo === oid ? null : row.movedTo;
  tx.db.update(rigs).set({ proven, movedTo }).where(eq(rigs.id, rigId)).run();
  tx.touch("rig", rigId);
}

/**
 * A run has seen the target at this commit. When nothing is known of it, the baseline is run there, beside the work.
 * @param at when the run was offered: what it saw before the last baseline is old
 */
export function seeTarget(
  tx: Tx,
  rigId: string,
  { target, oid, at }: { target: string; oid: string; at: number },
): void {
  const row = tx.db.select().from(rigs).where(eq(rigs.id, rigId)).get();
  if (row?.state !== "ready" || row.target !== target) return;
  if (row.baseline === null || row.baseline.at > at) return;
  if (row.proven.includes(oid) || row.movedTo === oid) return;
  tx.db.update(rigs).set({ movedTo: oid }).where(eq(rigs.id, rigId)).run();
  tx.touch("rig", rigId);
}

export function parkRig(tx: Tx, rigId: string, reason: FailureReason): void {
  const state = "parked" as const;
  tx.db.update(rigs).set({ state, parked: reason }).where(eq(rigs.id, rigId)).run();
  tx.touch("rig", rigId);
}
