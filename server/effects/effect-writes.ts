/** The writes that effects may make, given by the composition: effects themselves import no writer. */
import type { FailureReason, Outcome, Purged, RunState } from "../../protocol/index.ts";
import type { Tx } from "../store/tx.ts";

export interface EffectWrites {
  confirm(tx: Tx, id: number): void;
  retry(tx: Tx, id: number, attempts: number, nextAt: number, error: string): void;
  advanceRun(tx: Tx, runId: string, state: RunState, phase: string | null): void;
  orderStop(tx: Tx, runId: string, outcome: "stopped_by_town", reason: string): void;
  forgetSaved(tx: Tx, runId: string): void;
  /** A runner keeps something of a rig that is gone for good: people are told where. */
  tellKept(tx: Tx, runnerId: string, order: { remote: string }, kept: Purged["kept"]): void;
  purgeDone(tx: Tx, rigId: string, runnerId: string): void;
  mailDelivered(tx: Tx, mailId: string): void;
  markLeaving(tx: Tx, runnerId: string): void;
  endRun(tx: Tx, runId: string, outcome: Outcome, reason: FailureReason | null): boolean;
}
