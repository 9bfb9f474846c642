/** drizzle over bun:sqlite, without what its own driver costs at every execution of a statement. */
import type { Database } from "bun:sqlite";
import { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite/driver";
import { SQLiteBunSession } from "drizzle-orm/bun-sqlite/session";
import { SQLiteSyncDialect } from "drizzle-orm/sqlite-core";

export function drizzleOver(raw: Database): BunSQLiteDatabase {
  const dialect = new Dialect();
  return new BunSQLiteDatabase(
    "sync",
    dialect,
    new SQLiteBunSession(raw, dialect, undefined),
    undefined,
  );
}

class Dialect extends SQLiteSyncDialect {
  /**
   * The plus changes no value, but without it SQLite compiles a statement with a join or an order anew whenever a
   * value is bound to it: 60 us instead of 6 us, seen with SQLite 3.54.
   */
  override escapeParam(): string {
    return "+?";
  }
}
