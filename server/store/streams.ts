/** events.db: the agent streams. Not the truth: NORMAL, and it may be dropped. */
import { Database } from "bun:sqlite";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type AgentEvent, agentEventSchema } from "../../protocol/index.ts";

export class Streams {
  readonly #db: Database;
  readonly #insert;
  readonly #since;
  readonly #forget;
  readonly #drop;

  /** `where`: an existing directory, or a database that its owner has opened (strict). */
  constructor(where: string | Database) {
    this.#db = typeof where === "string" ? openFile(join(where, "events.db")) : prepare(where);
    this.#insert = this.#db.prepare(
      "INSERT OR IGNORE INTO events (run_id, seq, event) VALUES (?, ?, ?)",
    );
    this.#since = this.#db.prepare<{ event: string }, [string, number, number]>(
      "SELECT event FROM events WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?",
    );
    this.#drop = this.#db.prepare("DELETE FROM events WHERE run_id = ?");
    this.#forget = this.#db.prepare(
      "DELETE FROM events WHERE (run_id, seq) IN (SELECT run_id, seq FROM events WHERE run_id < ? ORDER BY run_id, seq LIMIT ?)",
    );
  }

  /**
   * Stores batches of runs in one commit; an event that is there already is left as it is. Each pushes out two of runs that
   * were offered before `oldestRunId`, so that what is too old goes without ever being a long piece of work.
   */
  append(
    batches: readonly { runId: string; events: readonly AgentEvent[] }[],
    oldestRunId: string,
  ): void {
    this.#db.transaction(() => {
      for (const { runId, events } of batches)
        for (const event of events) this.#insert.run(runId, event.seq, JSON.stringify(event));
      const count = batches.reduce((sum, { events }) => sum + events.length, 0);
      this.#forget.run(oldestRunId, 2 * count);
    })();
  }

  since(runId: string, after: number, limit: number): AgentEvent[] {
    return this.#since.all(runId, after, limit).flatMap((row) => {
      const parsed = agentEventSchema.safeParse(JSON.parse(row.event));
      return parsed.success ? [parsed.data] : [];
    });
  }

  /** Deletes all that is kept of these runs. */
  drop(runIds: readonly string[]): void {
    this.#db.transaction(() => {
      for (const runId of runIds) this.#drop.run(runId);
    })();
  }

  close(): void {
    this.#db.close();
  }
}

function openFile(file: string): Database {
  try {
    return openStreams(file);
  } catch {
    // The streams are no truth: a damaged file is put aside, and the town goes on without its past.
    for (const end of ["", "-wal", "-shm"])
      if (existsSync(file + end)) renameSync(file + end, `${file}.damaged${end}`);
    return openStreams(file);
  }
}

function openStreams(file: string): Database {
  const db = new Database(file, { create: true, strict: true });
  db.run("PRAGMA journal_mode = WAL");
  db.run("PRAGMA synchronous = NORMAL");
  return prepare(db);
}

function prepare(db: Database): Database {
  db.run(
    "CREATE TABLE IF NOT EXISTS events (run_id TEXT NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL, PRIMARY KEY (run_id, seq)) WITHOUT ROWID",
  );
  return db;
}
