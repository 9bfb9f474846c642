/**
 * The town's databases in memory: real SQLite that outlives the town. A killed town goes on with a
 * database that nobody reads; the next one begins with what was committed.
 */
import { Database, type Statement } from "bun:sqlite";
import { CachingDatabase } from "../../server/store/sqlite/caching-database.ts";

/** Told before and after every commit of town.db; may kill the town. */
export type CommitWatcher = (moment: "before commit" | "after commit") => void;

export class TownDatabases {
  #bytes: Uint8Array | null = null;
  #town: TownDatabase | null = null;
  #events: Database | null = null;
  /** Opened by any incarnation: dead ones go on with theirs for a while. */
  readonly #opened = new Set<Database>();
  /** While set, every commit fails as on a full disk. */
  full = false;

  /** For one incarnation of the town. */
  open(watch: CommitWatcher): { town: Database; events: Database } {
    const options = { strict: true };
    const begin = (watcher: CommitWatcher) => {
      if (this.full)
        throw Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
      watcher("before commit");
    };
    // Bun opens what was serialized too.
    this.#town = new TownDatabase((this.#bytes ?? ":memory:") as string, options);
    this.#town.beforeCommit = () => begin(watch);
    this.#town.afterCommit = () => watch("after commit");
    this.#events ??= new Database(":memory:", options);
    this.#opened.add(this.#town).add(this.#events);
    return { town: this.#town, events: this.#events };
  }

  /** Nobody lives any more. */
  close(): void {
    for (const db of this.#opened) db.close();
    this.#opened.clear();
    this.#events = null;
    this.#bytes = null;
  }

  /** What is committed now. */
  backup(): Uint8Array {
    const db = this.#town;
    if (db === null) return this.#bytes ?? new Uint8Array();
    return db.serialize();
  }

  /** The town is gone; what it did not commit too. */
  kill(): void {
    const db = this.#town;
    if (db === null) return;
    db.dream();
    this.#bytes = db.serialize();
    this.#town = null;
  }

  /** Changes the data of a town that is down, as another program would. */
  alter(act: (query: (sql: string, params?: Params) => Row[]) => void): void {
    const db = Database.deserialize(this.backup());
    act((sql, params = {}) => db.query<Row, [Params]>(sql).all(params));
    this.restore(db.serialize());
    db.close();
  }

  /** Puts an old backup in the place of the data of a town that is down. */
  restore(bytes: Uint8Array): void {
    if (this.#town !== null) throw new Error("the town is up");
    this.#bytes = bytes;
    this.#events = null;
  }
}

type Params = Record<string, string | number>;
type Row = Record<string, string | number | null>;

const CONTROL = /^(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)/;

class TownDatabase extends CachingDatabase {
  beforeCommit: () => void = () => undefined;
  afterCommit: () => void = () => undefined;
  #dreams = false;
  readonly #controls = new Map<string, { run: () => void }>();

  /** From now on its owner is dead: what it still writes is read by nobody, and never fails. */
  dream(): void {
    if (this.#dreams) return;
    if (this.inTransaction) this.run("ROLLBACK");
    this.#dreams = true;
  }

  override query = ((text: string) => {
    if (!CONTROL.test(text)) return super.query(text);
    const known = this.#controls.get(text);
    if (known !== undefined) return known;
    const statement = super.query(text);
    const control = { run: () => this.#control(text, statement) };
    this.#controls.set(text, control);
    return control;
  }) as Database["query"];

  #control(text: string, statement: Statement): void {
    if (this.#dreams) return;
    if (text !== "COMMIT") return void statement.run();
    this.beforeCommit();
    // The watcher may have killed the town: then this commit never was.
    if (this.#dreams) return;
    statement.run();
    this.afterCommit();
  }
}
