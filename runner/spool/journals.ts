/** Journals of step machines: entries are only ever appended, each on disk before its effect. */
import type { SqlDatabase } from "./disk.ts";

export class Journals {
  readonly #db: SqlDatabase;

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  /** Entries in order, as they were stored; their owner parses them. */
  load(key: string): unknown[] {
    return this.#db
      .query<{ entry: string }, [string]>("select entry from journals where key = ? order by step")
      .all(key)
      .map(({ entry }): unknown => JSON.parse(entry));
  }

  /** Durable when it returns. */
  append(key: string, entry: unknown): void {
    this.#db
      .query(
        "insert into journals (key, step, entry) values (?1, (select coalesce(max(step), 0) + 1 from journals where key = ?1), ?2)",
      )
      .run(key, JSON.stringify(entry));
  }

  /** Forgets a journal whose end is known elsewhere. */
  drop(key: string): void {
    this.#db.query("delete from journals where key = ?").run(key);
  }
}
