/** Stored facts are applied in order, each under its own savepoint; a poison fact is set aside. */
import type { Log } from "../core.ts";
import type { Tx } from "../store/tx.ts";
import { escalate } from "../store/writes/escalations.ts";
import {
  countDead,
  failFact,
  nextFacts,
  removeFact,
  type InboxRow,
} from "../store/writes/inbox.ts";
import { endRun } from "../store/writes/runs.ts";
import { applyFact } from "./apply-fact.ts";
import { isStorageFailure } from "./storage-refusal.ts";

type Savepoint = <T>(fn: () => T) => T;

const BATCH_MAX = 512;
const TRIES_MAX = 3;

/** @returns whether facts were left for the next tick */
export function drainInbox(tx: Tx, savepoint: Savepoint, log: Log): { more: boolean } {
  const rows = nextFacts(tx, BATCH_MAX);
  const parked = new Set<string>();
  for (const row of rows) {
    if (parked.has(row.runId)) continue;
    try {
      savepoint(() => applyFact(tx, row.fact, row.runnerId));
      removeFact(tx, row.id);
    } catch (bug) {
      if (isStorageFailure(bug)) throw bug;
      parked.add(row.runId);
      const dead = row.attempts + 1 >= TRIES_MAX;
      failFact(tx, row, String(bug), dead);
      log.error(
        { run: row.runId, fact: row.fact.body.kind, err: String(bug), dead },
        "a fact could not be applied",
      );
      if (dead) buryRun(tx, row, savepoint, log);
    }
    tx.actor = "town";
  }
  return { more: rows.length === BATCH_MAX || parked.size > 0 };
}

/** The run of a dead-lettered fact ends as crashed with its work saved; a person is told, once per run. */
function buryRun(tx: Tx, row: InboxRow, savepoint: Savepoint, log: Log): void {
  tx.rule = "run/dead-letter";
  const { kind } = row.fact.body;
  const reason = {
    code: "dead_letter",
    message: `a ${kind} fact of this run could not be applied`,
    source: tx.rule,
  };
  try {
    savepoint(() => endRun(tx, row.runId, "crashed", reason));
  } catch (bug) {
    // Its row cannot be read either: the person who is told has to look.
    log.error({ run: row.runId, err: String(bug) }, "the run of a poison fact could not be ended");
  }
  if (countDead(tx, row.runId) === 1) {
    escalate(tx, {
      title: "A runner's report could not be applied",
      body: `${reason.message} (${row.runId}). It is kept in the inbox; the run, if there was one, ended as crashed with its work saved.`,
      severity: "high",
      source: tx.rule,
      subjectId: row.runId,
      holdsWhile: null,
      rigId: null,
    });
  }
  tx.rule = null;
}
