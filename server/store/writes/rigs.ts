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
  | "gates"
  | "setup"
  | "slots"
  | "isolationConfirmed"
  | "directMergeConfirmed"
>;

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
      version: rig.version + 1,
      ...(recheck && {
        state: "checking" as const,
        parked: null,
        baselineTries: 0,
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
  },
): void {
  tx.db
    .update(rigs)
    .set({
      target: outcome.target,
      state: outcome.state,
      parked: outcome.parked,
      backOffUntil: outcome.backOffUntil,
      baselineTries: outcome.tries,
      ...(outcome.baseline && { baseline: { ...outcome.baseline, at: tx.now } }),
    })
    .where(eq(rigs.id, rigId))
    .run();
  tx.touch("rig", rigId);
}

export function removeRig(tx: Tx, rigId: string): void {
  tx.db.update(rigs).set({ removedAt: tx.now }).where(eq(rigs.id, rigId)).run();
  tx.touch("rig", rigId);
}
