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

/** Whether it holds no run, and the town has acknowledged all that it had to say. */
export function isAtRest(dataDir: string): boolean {
  return read(dataDir, (db) => {
    const sql =
      "select (select count(*) from runs where state = 'live') + (select count(*) from facts) as left";
    return db.query<{ left: number }, []>(sql).get()?.left === 0;
  });
}

/** Whether the work of a run was handed in by its agent, and verified. */
export function hasHandedIn(dataDir: string, runId: string): boolean {
  return read(dataDir, (db) => {
    const row = db
      .query<{ memory: string }, [string]>("select memory from runs where run_id = ?")
      .get(runId);
    return row !== null && "handOver" in (JSON.parse(row.memory) as object);
  });
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
