/** Who this runner is: the town's name for it, and how often it was started on its data directory. */
import type { SqlDatabase } from "./disk.ts";

export class Identity {
  /** Rises at every start. */
  readonly incarnation: number;
  readonly #db: SqlDatabase;

  /** Counts this start. */
  constructor(db: SqlDatabase) {
    this.#db = db;
    this.incarnation = Number(this.#read("incarnation") ?? 0) + 1;
    this.#write("incarnation", String(this.incarnation));
  }

  /** Null until the town has given one. */
  get runnerId(): string | null {
    return this.#read("runner_id");
  }

  keepRunnerId(runnerId: string): void {
    if (this.runnerId !== runnerId) this.#write("runner_id", runnerId);
  }

  #read(key: string): string | null {
    return (
      this.#db.query<{ value: string }, [string]>("select value from meta where key = ?").get(key)
        ?.value ?? null
    );
  }

  #write(key: string, value: string): void {
    this.#db
      .query(
        "insert into meta (key, value) values (?, ?) on conflict (key) do update set value = excluded.value",
      )
      .run(key, value);
  }
}
