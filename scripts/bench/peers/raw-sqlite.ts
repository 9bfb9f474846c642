// The limits of SQLite on this disk: one small transaction per command, and rows in batches. No ORM, no schema to speak of.
import { Database } from "bun:sqlite";
import { join } from "node:path";

/** How many commands are done between two looks at the clock. */
const LOOK_EVERY = 16;

/** Commands of an insert, an event and an update, each in a transaction that is on the disk before the next. */
export class CommandFile implements Disposable {
  readonly #db: Database;
  readonly #command: (n: number) => void;
  #n = 0;

  constructor(folder: string) {
    this.#db = new Database(join(folder, "commands.db"), { create: true, strict: true });
    this.#db.run("PRAGMA journal_mode = WAL");
    this.#db.run("PRAGMA synchronous = FULL");
    this.#db.run("CREATE TABLE beads (id TEXT PRIMARY KEY, status TEXT, title TEXT, at INTEGER)");
    this.#db.run("CREATE TABLE events (id INTEGER PRIMARY KEY, bead_id TEXT, text TEXT)");
    this.#db.run("CREATE TABLE town (id INTEGER PRIMARY KEY, version INTEGER)");
    this.#db.run("INSERT INTO town VALUES (1, 0)");
    const bead = this.#db.prepare("INSERT INTO beads VALUES (?, 'open', ?, ?)");
    const event = this.#db.prepare("INSERT INTO events (bead_id, text) VALUES (?, 'created')");
    const town = this.#db.prepare("UPDATE town SET version = version + 1 WHERE id = 1");
    const all = this.#db.transaction((n: number) => {
      const id = `bd_${String(n).padStart(26, "0")}`;
      bead.run(id, `Bead ${n}`, n);
      event.run(id);
      town.run();
    });
    this.#command = (n) => all.immediate(n);
  }

  /** @returns commands per second over `windowMs` */
  perSecond(windowMs: number): number {
    const startedMs = performance.now();
    let done = 0;
    while (performance.now() - startedMs < windowMs)
      for (let n = 0; n < LOOK_EVERY; n++, done++) this.#command(++this.#n);
    return (1_000 * done) / (performance.now() - startedMs);
  }

  /** @returns milliseconds of each of `count` commands */
  times(count: number): number[] {
    return Array.from({ length: count }, () => {
      const startedMs = performance.now();
      this.#command(++this.#n);
      return performance.now() - startedMs;
    });
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

/** Rows of a stream, in batches of one transaction each, as lazily on the disk as the town's streams. */
export class RowFile implements Disposable {
  readonly #db: Database;
  readonly #batch: (rows: readonly string[]) => void;
  #n = 0;

  constructor(folder: string) {
    this.#db = new Database(join(folder, "rows.db"), { create: true, strict: true });
    this.#db.run("PRAGMA journal_mode = WAL");
    this.#db.run("PRAGMA synchronous = NORMAL");
    this.#db.run(
      "CREATE TABLE events (run TEXT, seq INTEGER, event TEXT, PRIMARY KEY (run, seq)) WITHOUT ROWID",
    );
    const insert = this.#db.prepare("INSERT INTO events VALUES (?, ?, ?)");
    const all = this.#db.transaction((rows: readonly string[]) => {
      const run = `rn_${String(this.#n % 50).padStart(26, "0")}`;
      for (const row of rows) insert.run(run, ++this.#n, row);
    });
    this.#batch = (rows) => all(rows);
  }

  /** Inserts these rows again and again. @returns rows per second over `windowMs` */
  perSecond(rows: readonly string[], windowMs: number): number {
    const startedMs = performance.now();
    let done = 0;
    for (; performance.now() - startedMs < windowMs; done += rows.length) this.#batch(rows);
    return (1_000 * done) / (performance.now() - startedMs);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}
