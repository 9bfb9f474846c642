import { and, eq, isNull } from "drizzle-orm";
import {
  DEFAULT_PROGRAM,
  type Away,
  type Hello,
  type HostFigures,
  type RunnerRight,
} from "../../../protocol/index.ts";
import { runners } from "../schema/runs.ts";
import type { Tx } from "../tx.ts";
import { raiseFences } from "./runs.ts";
import { present } from "../present.ts";
import { addRow, changeRow, rowAt } from "../rows.ts";

export type RunnerRow = typeof runners.$inferSelect;

/** Whose connection it is: the token for which its key was taken, and what that may be given. */
export interface Member {
  tokenId: string;
  rights: readonly RunnerRight[];
}

/** Records a hello. A new spool epoch starts the high-water mark afresh. Returns the row as it is now. */
export function welcomeRunner(tx: Tx, hello: Hello, { tokenId, rights }: Member): RunnerRow {
  const known = hello.runnerId ? rowAt(tx.db, runners, hello.runnerId) : undefined;
  const id = known?.id ?? tx.newId("runner");
  const seen = {
    name: hello.name,
    tokenId,
    local: hello.local,
    incarnation: hello.incarnation,
    connection: (known?.connection ?? 0) + 1,
    state: "connected" as const,
    isolation: hello.isolation,
    isolationReason: hello.isolationReason,
    programs: hello.programs ?? [DEFAULT_PROGRAM],
    lfs: hello.lfs ?? false,
    slots: hello.slots,
    appVersion: hello.appVersion,
    host: hello.host ?? null,
    spoolEpoch: hello.spoolEpoch,
    spoolSeq: Math.max(
      known?.spoolEpoch === hello.spoolEpoch ? known.spoolSeq : 0,
      hello.ackedSeq ?? 0,
    ),
    lastSeenAt: tx.now,
    leavingAt: hello.leaving === true ? tx.now : null,
    revokedAt: null,
    rights: [...rights],
  };
  // A backup that was put back knows less of offers than the runner.
  const offerSeq = Math.max(known?.offerSeq ?? 0, hello.lastOfferSeq);
  if (known) changeRow(tx.db, runners, id, { ...seen, offerSeq });
  else addRow(tx.db, runners, { id, offerSeq, ...seen });
  raiseFences(tx, hello.fenceEpoch ?? 0);
  tx.touch("runner", id);
  return present(rowAt(tx.db, runners, id), `runners row of ${id}`);
}

export function setRunnerState(
  tx: Tx,
  id: string,
  state: RunnerRow["state"],
  lastSeenAt?: number,
): void {
  changeRow(tx.db, runners, id, { state, ...(lastSeenAt !== undefined && { lastSeenAt }) });
  tx.touch("runner", id);
}

/** It has said that it stops. */
export function markLeaving(tx: Tx, id: string): void {
  const row = rowAt(tx.db, runners, id);
  if (!row || row.leavingAt !== null) return;
  changeRow(tx.db, runners, id, { leavingAt: tx.now });
  tx.touch("runner", id);
}

/** Runners whose key was taken for this token: lost at once, so that their runs are replaced. */
export function markRevoked(tx: Tx, tokenId: string): RunnerRow[] {
  const members = tx.db
    .select()
    .from(runners)
    .where(and(eq(runners.tokenId, tokenId), isNull(runners.revokedAt)))
    .all();
  for (const { id } of members) {
    changeRow(tx.db, runners, id, { revokedAt: tx.now, state: "lost" });
    tx.touch("runner", id);
  }
  return members;
}

export function setRunnerRights(tx: Tx, id: string, rights: RunnerRight[]): void {
  changeRow(tx.db, runners, id, { rights, grantedAt: tx.now });
  tx.touch("runner", id);
}

export function setRunnerLabels(tx: Tx, id: string, labels: string[]): void {
  changeRow(tx.db, runners, id, { labels, grantedAt: tx.now });
  tx.touch("runner", id);
}

/** A person's word that it gets nothing new, or null: it is given work again. */
export function setRunnerAway(tx: Tx, id: string, away: Away | null): void {
  changeRow(tx.db, runners, id, { away });
  tx.touch("runner", id);
}

export function setRunnerHost(tx: Tx, id: string, host: HostFigures): void {
  changeRow(tx.db, runners, id, { host });
  tx.touch("runner", id);
}

export function markSpool(tx: Tx, id: string, spoolSeq: number): void {
  changeRow(tx.db, runners, id, { spoolSeq });
}
