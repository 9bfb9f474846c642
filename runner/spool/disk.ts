/**
 * The runner's disk, as far as it keeps facts there: one SQL database. A simulation gives one in
 * memory that can be killed, cut from its power, or full.
 */
import { Database } from "bun:sqlite";

export type SqlValue = string | number | null;

export interface SqlQuery<Row, Params extends SqlValue[]> {
  get(...params: Params): Row | null;
  all(...params: Params): Row[];
  iterate(...params: Params): Iterable<Row>;
  run(...params: Params): void;
}

export interface SqlDatabase {
  /** Prepared once per text. */
  query<Row, Params extends SqlValue[]>(sql: string): SqlQuery<Row, Params>;
  /** Runs statements without parameters, settings among them. */
  run(sql: string): void;
  /** All that `act` writes, in one commit, or nothing of it when it throws. */
  transaction<T>(act: () => T): T;
  close(): void;
}

export interface Disk {
  /** Opens the database, or makes an empty one. Throws what SQLite says of a file it cannot use. */
  open(): SqlDatabase;
}

/** The database in the file `path`. */
export function fileDisk(path: string): Disk {
  return { open: () => sqlDatabase(new Database(path, { create: true, strict: true })) };
}

/** An open SQLite handle as what the runner needs of one. */
export function sqlDatabase(db: Database): SqlDatabase {
  return {
    query: <Row, Params extends SqlValue[]>(sql: string) => db.query<Row, Params>(sql),
    run: (sql) => void db.run(sql),
    transaction: (act) => db.transaction(act).immediate(),
    close: () => db.close(),
  };
}
