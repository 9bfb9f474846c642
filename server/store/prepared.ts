import { sql } from "drizzle-orm";
import type { Db } from "./database.ts";

/**
 * A statement that is built once per database: building one costs ten times its execution. Values that differ from call
 * to call are placeholders.
 */
export function prepared<T extends object>(build: (db: Db) => T): (db: Db) => T {
  const known = new WeakMap<Db, T>();
  return (db) => {
    const found = known.get(db) ?? build(db);
    known.set(db, found);
    return found;
  };
}

/** A value that is given at each execution. Typed by its place: drizzle's own type fits only some of them. */
export function given(name: string): never {
  return sql.placeholder(name) as never;
}
