/** Issue beads: creation and every change of their own state. */
import { and, eq, lte, max, sql } from "drizzle-orm";
import type {
  CloseOutcome,
  Closing,
  Delivery,
  FailureReason,
  Gate,
  Priority,
} from "../../../protocol/index.ts";
import type { CountsAs } from "../../model/outcomes.ts";
import { issueAfter, type IssueEvent, type IssueState } from "../../model/states.ts";
import { issues } from "../schema/beads.ts";
import { given, prepared } from "../prepared.ts";
import { present } from "../present.ts";
import type { Tx } from "../tx.ts";
import { forgiveSpend } from "./limits/spend.ts";
import { insertBead, projectStatus, recordEvent } from "./beads.ts";
import { noteForMayor } from "./attention/digest.ts";
import { askOfLeft } from "./attention/left-on-branch.ts";
import { unqueue } from "./ready.ts";
import { touchRisk } from "./saved/risk.ts";
import { oweForgetting } from "./saved/saved-refs.ts";
import { forgetAuthor } from "./snapshots/snapshots.ts";
import { changeRow, rowAt } from "../rows.ts";

const insertRow = prepared((db) =>
  db
    .insert(issues)
    .values({
      beadId: given("id"),
      state: "open",
      stateSince: given("at"),
      convoyId: given("convoyId"),
      delivery: given("delivery"),
      checks: sql`${given("checks")}`,
      moleculeId: given("moleculeId"),
      step: given("step"),
      stepKey: given("stepKey"),
    })
    .prepare(),
);

export function createIssue(
  tx: Tx,
  issue: {
    title: string;
    body: string;
    rigId: string;
    priority: Priority;
    delivery: Delivery | null;
    convoyId: string | null;
    held?: boolean;
    checks?: Gate[];
    /** Which step of which molecule it is. */
    step?: { moleculeId: string; n: number; key: string };
  },
): string {
  const parentId = issue.convoyId ?? issue.step?.moleculeId ?? null;
  const id = insertBead(tx, { type: "issue", status: "open", ...issue, parentId });
  insertRow(tx.db).run({
    id,
    at: tx.now,
    convoyId: issue.convoyId,
    delivery: issue.delivery,
    checks: JSON.stringify(issue.checks ?? []),
    moleculeId: issue.step?.moleculeId ?? null,
    step: issue.step?.n ?? null,
    stepKey: issue.step?.key ?? null,
  });
  recordEvent(tx, id, "created", "created");
  return id;
}

export interface IssueMove {
  text: string;
  runId?: string | null;
  failure?: FailureReason | null;
  outcome?: CloseOutcome | null;
  landed?: { on: string; oid: string };
  heads?: { head: string; base: string };
  nextRound?: number;
  nextCycle?: boolean;
}

/**
 * Applies one event of the issue's state machine with its projection and history line.
 * @returns the new state, or null when the event is refused in the present state
 */
export function moveIssue(
  tx: Tx,
  beadId: string,
  event: IssueEvent,
  move: IssueMove,
): IssueState | null {
  const row = rowAt(tx.db, issues, beadId);
  if (!row) throw new Error(`issue ${beadId} is not there`);
  const next = issueAfter(row.state, event);
  if (next === null) return null;
  changeRow(tx.db, issues, beadId, {
    state: next,
    stateSince: next === row.state ? row.stateSince : tx.now,
    ...(move.runId !== undefined && { runId: move.runId }),
    ...(move.failure !== undefined && { failure: move.failure }),
    ...(move.outcome !== undefined && { outcome: move.outcome }),
    ...(move.landed && { landedOn: move.landed.on, landedOid: move.landed.oid }),
    ...(move.landed &&
      row.convoyId &&
      !row.landing && { landingN: lastLanded(tx, row.convoyId) + 1 }),
    ...(move.heads && { headOid: move.heads.head, baseOid: move.heads.base }),
    ...(move.nextRound !== undefined && { round: move.nextRound }),
    ...(move.nextCycle && { cycle: row.cycle + 1, round: 1, reviewId: null }),
    ...(next !== "open" && { wait: null }),
    ...((next === "closed" || move.nextCycle) && { closing: null, taken: null }),
  });
  if (move.landed && row.landing) landTasks(tx, row, move.landed);
  if (move.landed && row.convoyId) askOfLeft(tx, row.convoyId);
  unqueue(tx, beadId);
  projectStatus(tx, beadId, "issue", next);
  if (next === "closed" || row.state === "closed") touchRisk(tx, beadId);
  if (next === "closed") {
    oweForgetting(tx, beadId, tx.policy.savedWorkKeptMs);
    forgetAuthor(tx, beadId);
  }
  if (row.convoyId) tx.touch("convoy", row.convoyId);
  if (row.moleculeId) tx.touch("molecule", row.moleculeId);
  recordEvent(tx, beadId, event, move.text, {
    runId: move.runId ?? row.runId,
    failure: move.failure ?? null,
  });
  if (event === "landed") noteForMayor(tx, "landed", beadId, move.text);
  if (event === "exhausted") noteForMayor(tx, "failed", beadId, move.text);
  return next;
}

const lastPlace = prepared((db) =>
  db
    .select({ n: max(issues.landingN) })
    .from(issues)
    .where(and(eq(issues.convoyId, given("convoyId")), eq(issues.landing, false)))
    .prepare(),
);

/** The place of the bead of a convoy that landed last; 0 before the first. */
export function lastLanded(tx: Tx, convoyId: string): number {
  return lastPlace(tx.db).get({ convoyId })?.n ?? 0;
}

/** What lay on the convoy's branch when its landing began is where that landed: others may begin there. */
function landTasks(
  tx: Tx,
  { convoyId, landingN }: typeof issues.$inferSelect,
  landed: { on: string; oid: string },
): void {
  const tasks = tx.db
    .select({ id: issues.beadId })
    .from(issues)
    .where(
      and(
        eq(issues.convoyId, convoyId ?? ""),
        eq(issues.outcome, "landed"),
        eq(issues.landing, false),
        lte(issues.landingN, landingN ?? 0),
      ),
    )
    .all();
  for (const { id } of tasks) {
    const { on, oid } = landed;
    changeRow(tx.db, issues, id, { landedOn: on, landedOid: oid });
    tx.touch("issue", id);
  }
}

/** Closes an issue bead by a person's word. */
export function closeIssue(
  tx: Tx,
  row: Pick<typeof issues.$inferSelect, "beadId">,
  { outcome, reason }: Pick<Closing, "outcome" | "reason">,
): void {
  const { beadId } = row;
  const text = `closed as ${outcome.replaceAll("_", " ")}${reason === "" ? "" : `: ${reason}`}`;
  if (moveIssue(tx, beadId, "closed_by_outcome", { outcome, failure: null, text }) === null)
    throw new Error(`${beadId} cannot be closed`);
}

/** Counts the end of a run. `spent`: it counts towards the runs that a bead may cost in its life. */
export function countRun(
  tx: Tx,
  beadId: string,
  {
    as,
    spent,
    stalled,
    backOffUntil,
  }: { as: CountsAs; spent: boolean; stalled?: boolean; backOffUntil: number | null },
): void {
  const row = present(rowAt(tx.db, issues, beadId), `issues row of ${beadId}`);
  changeRow(tx.db, issues, beadId, {
    backOffUntil,
    ...(stalled !== undefined && { stalls: stalled ? row.stalls + 1 : 0 }),
    ...(spent && { runsSpent: row.runsSpent + 1 }),
    ...(as === "work_attempt" && { workAttempts: row.workAttempts + 1 }),
    ...(as === "start_failure" && { startFailures: row.startFailures + 1 }),
    ...(as === "infra" && {
      infraFailures: row.infraFailures + 1,
      infraSince: row.infraSince ?? tx.now,
    }),
    ...(as === "success" && { infraFailures: 0, infraSince: null }),
  });
  tx.touch("issue", beadId);
}

/** Failures to start, and of infrastructure, are forgiven at first progress. Source: runs.md. */
export function forgiveStarts(tx: Tx, beadId: string): void {
  changeRow(tx.db, issues, beadId, { startFailures: 0, infraFailures: 0, infraSince: null });
  tx.touch("issue", beadId);
}

/** Saved work is attached to its bead whatever the fence of its run: nothing can be lost. */
export function attachSavedWork(
  tx: Tx,
  beadId: string,
  saved: { ref: string; oid: string; baseOid: string; runId: string | null },
): void {
  changeRow(tx.db, issues, beadId, {
    savedRef: saved.ref,
    savedOid: saved.oid,
    savedBaseOid: saved.baseOid,
    savedRunId: saved.runId,
  });
  tx.touch("issue", beadId);
}

/** Only a person can mend what is in the bead's way. */
export function parkIssue(tx: Tx, beadId: string, reason: FailureReason): void {
  changeRow(tx.db, issues, beadId, { parked: reason });
  unqueue(tx, beadId);
  recordEvent(tx, beadId, "parked", `parked: ${reason.message}`, { failure: reason });
  tx.touch("issue", beadId);
}

/** A person has mended it: it is tried again at once. @returns false when it was not parked */
export function unparkIssue(tx: Tx, beadId: string): boolean {
  const row = rowAt(tx.db, issues, beadId);
  if (!row?.parked) return false;
  changeRow(tx.db, issues, beadId, {
    parked: null,
    infraFailures: 0,
    infraSince: null,
    backOffUntil: null,
  });
  recordEvent(tx, beadId, "resumed", "resumed: what it was parked for is mended");
  tx.touch("issue", beadId);
  return true;
}

/** A person gives a bead a fresh allowance on top of what it has used for life. */
export function forgiveLife(tx: Tx, beadId: string): void {
  forgiveSpend(tx, beadId);
  tx.db
    .update(issues)
    .set({
      workAttemptsForgiven: sql`${issues.workAttempts}`,
      runsForgiven: sql`${issues.runsSpent}`,
      startFailures: 0,
      infraFailures: 0,
      infraSince: null,
      stalls: 0,
      parked: null,
      backOffUntil: null,
    })
    .where(eq(issues.beadId, beadId))
    .run();
}
