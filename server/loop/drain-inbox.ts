/** Stored facts are applied in order, each under its own savepoint; a poison fact is set aside. */
import type { Log } from "../core.ts";
import type { Tx } from "../store/tx.ts";
import { escalate } from "../store/writes/escalations.ts";
import { failFact, nextFacts, removeFact } from "../store/writes/inbox.ts";
import { endRun } from "../store/writes/runs.ts";
import { applyFact } from "./apply-fact.ts";

const BATCH_MAX = 512;
const TRIES_MAX = 3;

/** @returns whether facts were left for the next tick */
export function drainInbox(tx: Tx, savepoint: <T>(fn: () => T) => T, log: Log): { more: boolean } {
  const rows = nextFacts(tx, BATCH_MAX);
  const parked = new Set<string>();
  for (const row of rows) {
    if (parked.has(row.runId)) continue;
    try {
      savepoint(() => applyFact(tx, row.fact, row.runnerId));
      removeFact(tx, row.id);
    } catch (bug) {
      parked.add(row.runId);
      const dead = row.attempts + 1 >= TRIES_MAX;
      failFact(tx, row, String(bug), dead);
      log.error(
        { run: row.runId, fact: row.fact.body.kind, err: String(bug), dead },
        "a fact could not be applied",
      );
      if (dead) buryRun(tx, row.runId, row.fact.body.kind);
    }
    tx.actor = "town";
  }
  return { more: rows.length === BATCH_MAX || parked.size > 0 };
}

/** The run of a dead-lettered fact ends as crashed with its work saved, and a person is told. */
function buryRun(tx: Tx, runId: string, kind: string): void {
  tx.rule = "run/dead-letter";
  const reason = {
    code: "dead_letter",
    message: `a ${kind} fact of this run could not be applied`,
    source: "run/dead-letter",
  };
  if (endRun(tx, runId, "crashed", reason)) {
    escalate(tx, {
      title: "A runner's report could not be applied",
      body: `${reason.message}. It is kept in the inbox; the run ended as crashed.`,
      severity: "high",
      source: "run/dead-letter",
      subjectId: null,
      rigId: null,
    });
  }
  tx.rule = null;
}
