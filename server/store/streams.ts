/** events.db: the agent streams. Not the truth: NORMAL, and it may be dropped. */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { type AgentEvent, agentEventSchema } from "../../protocol/index.ts";

export class Streams {
  readonly #db: Database;
  readonly #insert;
  readonly #since;

  constructor(dataDir: string) {
    this.#db = new Database(join(dataDir, "events.db"), { create: true, strict: true });
    this.#db.run("PRAGMA journal_mode = WAL");
    this.#db.run("PRAGMA synchronous = NORMAL");
    this.#db.run(
      "CREATE TABLE IF NOT EXISTS events (run_id TEXT NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL, PRIMARY KEY (run_id, seq)) WITHOUT ROWID",
    );
    this.#insert = this.#db.prepare(
      "INSERT OR IGNORE INTO events (run_id, seq, event) VALUES (?, ?, ?)",
    );
    this.#since = this.#db.prepare<{ event: string }, [string, number, number]>(
      "SELECT event FROM events WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?",
    );
  }

  /** Stores a batch; an event that is there already is left as it is. */
  append(runId: string, events: readonly AgentEvent[]): void {
    this.#db.transaction(() => {
      for (const event of events) this.#insert.run(runId, event.seq, JSON.stringify(event));
    })();
  }

  since(runId: string, after: number, limit: number): AgentEvent[] {
    return this.#since
      .all(runId, after, limit)
      .map((row) => agentEventSchema.parse(JSON.parse(row.event)));
  }

  close(): void {
    this.#db.close();
  }
}
