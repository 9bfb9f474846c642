/** A database whose owner is ended when its disk fails. */
import type { SqlDatabase, SqlQuery, SqlValue } from "./disk.ts";

/** Ends the process at once, with a sentence for people. On a host it does not return. */
export type Halt = (why: string) => void;

/**
 * What cannot be written down may not be believed, answered or told: the owner ends before anything
 * follows from it, and the next start reads what the disk holds. A refusal by the schema is a bug and
 * is thrown as ever. Where `halt` returns (in a simulation), what follows is seen by nobody.
 */
export function haltingDatabase(db: SqlDatabase, halt: Halt): SqlDatabase {
  let depth = 0;
  const guard = <T>(act: () => T): T => {
    depth += 1;
    try {
      return act();
    } catch (error) {
      if (depth > 1 || !isDiskFault(error)) throw error;
      halt(
        `The runner's disk fails (${error.message}). It stops, for it may not tell what it cannot keep. Make room or repair the disk; its work is saved up to now and goes on at the next start.`,
      );
      return act();
    } finally {
      depth -= 1;
    }
  };
  return {
    query: <Row, Params extends SqlValue[]>(sql: string) =>
      guarded(db.query<Row, Params>(sql), guard),
    run: (sql) => guard(() => db.run(sql)),
    transaction: (act) => guard(() => db.transaction(act)),
    close: () => db.close(),
  };
}

function guarded<Row, Params extends SqlValue[]>(
  query: SqlQuery<Row, Params>,
  guard: <T>(act: () => T) => T,
): SqlQuery<Row, Params> {
  return {
    get: (...params) => guard(() => query.get(...params)),
    all: (...params) => guard(() => query.all(...params)),
    iterate: (...params) => query.iterate(...params),
    run: (...params) => guard(() => query.run(...params)),
  };
}

/** SQLite's own errors, but for those that its caller is to blame for. */
function isDiskFault(error: unknown): error is Error {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return (
    typeof error.code === "string" &&
    /^SQLITE_(FULL|IOERR|CORRUPT|NOTADB|READONLY|CANTOPEN|NOMEM|BUSY)/.test(error.code)
  );
}
