/**
 * A disk in memory: a real SQLite database that outlives whoever opened it. A killed owner writes on
 * into a copy that nobody reads; a power loss takes back the commits that were not synced.
 */
import { Database } from "bun:sqlite";
import {
  sqlDatabase,
  type Disk,
  type SqlDatabase,
  type SqlQuery,
  type SqlValue,
} from "../runner/spool/disk.ts";

/** Told before and after every commit; may kill the owner. */
export type CommitWatcher = (moment: "before commit" | "after commit") => void;

/** `pragma synchronous` from which on a commit is on the platter when it returns. */
const SYNCHRONOUS_FULL = 2;

export class SimDisk {
  #db = new Database(":memory:", { strict: true });
  #owner: SimDatabase | null = null;
  /** What a power loss would leave, while the newest commits are not synced. */
  #durable: Uint8Array | null = null;
  /** Copies that dead owners go on with. */
  readonly #copies = new Set<Database>();
  /** While set, every commit fails as on a full disk. */
  full = false;

  /** The disk as one incarnation of its owner sees it; the one before must have been killed or closed. */
  door(watch: CommitWatcher = () => undefined): Disk {
    return {
      open: () => {
        this.#owner?.detach();
        this.#owner = new SimDatabase(this.#db, this, watch);
        return this.#owner;
      },
    };
  }

  /** What it holds now, for whoever may look into everything. */
  look(): SqlDatabase {
    return sqlDatabase(this.#db);
  }

  /** The owner's process is gone. What it committed stays. */
  kill(): void {
    this.#owner?.detach();
    this.#owner = null;
  }

  /** The host is gone: the owner with it, and every commit that was not synced. */
  cutPower(): void {
    this.kill();
    if (this.#durable !== null) {
      this.#copies.add(this.#db);
      this.#db = Database.deserialize(this.#durable, { strict: true });
    }
    this.#durable = null;
  }

  /** A copy for an owner that is dead. */
  copy(): Database {
    const copy = Database.deserialize(this.#db.serialize(), { strict: true });
    this.#copies.add(copy);
    return copy;
  }

  /** Nobody lives any more. */
  close(): void {
    this.kill();
    for (const db of [this.#db, ...this.#copies]) db.close();
  }

  /** Keeps what a power loss would leave before a commit that is not synced. */
  beforeCommit(synced: boolean): void {
    if (this.full)
      throw Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
    if (!synced) this.#durable ??= this.#db.serialize();
  }

  /** A synced commit takes those before it along. */
  afterCommit(synced: boolean): void {
    if (synced) this.#durable = null;
  }
}

class SimDatabase implements SqlDatabase {
  #db: Database;
  #sql: SqlDatabase;
  #disk: SimDisk | null;
  readonly #watch: CommitWatcher;
  readonly #queries = new Map<string, SqlQuery<unknown, SqlValue[]>>();
  /** Whether a commit is on the platter when it returns; null: ask. */
  #synced: boolean | null = null;
  #inTransaction = false;

  constructor(db: Database, disk: SimDisk, watch: CommitWatcher) {
    this.#db = db;
    this.#sql = sqlDatabase(db);
    this.#disk = disk;
    this.#watch = watch;
  }

  /** From now on its owner only dreams. */
  detach(): void {
    if (this.#disk === null) return;
    this.#db = this.#disk.copy();
    this.#disk = null;
    this.#sql = sqlDatabase(this.#db);
  }

  query<Row, Params extends SqlValue[]>(sql: string): SqlQuery<Row, Params> {
    const known = this.#queries.get(sql) ?? this.#query(sql);
    this.#queries.set(sql, known);
    return known as unknown as SqlQuery<Row, Params>;
  }

  #query(sql: string): SqlQuery<unknown, SqlValue[]> {
    type Row = unknown;
    type Params = SqlValue[];
    const prepared = () => this.#sql.query<Row, Params>(sql);
    const writes = /^\s*(insert|update|delete|create|drop|replace)\b/i.test(sql);
    const act = <T>(work: () => T): T =>
      writes && !this.#inTransaction ? this.#commit(work) : work();
    return {
      get: (...params) => act(() => prepared().get(...params)),
      all: (...params) => act(() => prepared().all(...params)),
      iterate: (...params) => prepared().iterate(...params),
      run: (...params) => act(() => prepared().run(...params)),
    };
  }

  run(sql: string): void {
    this.#synced = null;
    this.#sql.run(sql);
  }

  transaction<T>(act: () => T): T {
    if (this.#inTransaction) return act();
    return this.#commit(() => {
      this.#inTransaction = true;
      try {
        return this.#sql.transaction(act);
      } finally {
        this.#inTransaction = false;
      }
    });
  }

  close(): void {
    this.detach();
  }

  #commit<T>(work: () => T): T {
    if (this.#disk !== null) this.#watch("before commit");
    // The watcher may have killed the owner: then this commit is one of the copy.
    const disk = this.#disk;
    this.#synced ??= this.#synchronous() >= SYNCHRONOUS_FULL;
    const synced = this.#synced;
    disk?.beforeCommit(synced);
    const result = work();
    disk?.afterCommit(synced);
    if (this.#disk !== null) this.#watch("after commit");
    return result;
  }

  #synchronous(): number {
    return (
      this.#db.query<{ synchronous: number }, []>("pragma synchronous").get()?.synchronous ?? 0
    );
  }
}
