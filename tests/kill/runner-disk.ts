// What the runner has on its disk, read beside it: facts that the town has not acknowledged, and the merge engine's journal.
import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { FactBody } from "../../protocol/index.ts";

/** Kinds of the facts of a run that wait for the town. */
export function waitingFacts(dataDir: string, runId: string): FactBody["kind"][] {
  return read(dataDir, (db) =>
    db
      .query<{ kind: FactBody["kind"] }, [string]>(
        "select kind from facts where run_id = ? order by seq",
      )
      .all(runId)
      .map(({ kind }) => kind),
  );
}

/** Kinds of the entries of a merge run's journal, in order. */
export function journalOf(dataDir: string, runId: string): string[] {
  return read(dataDir, (db) =>
    db
      .query<{ entry: string }, [string]>("select entry from journals where key = ? order by step")
      .all(`merge:${runId}`)
      .map(({ entry }) => (JSON.parse(entry) as { kind: string }).kind),
  );
}

function read<T>(dataDir: string, ask: (db: Database) => T): T {
  const db = new Database(join(dataDir, "runner", "spool.db"), { readonly: true });
  try {
    db.run("pragma busy_timeout = 5000");
    return ask(db);
  } finally {
    db.close();
  }
}
