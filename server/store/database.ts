/** Opens town.db: durable commits, migrations, and refusals that lose nothing. */
import type { Database } from "bun:sqlite";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import { refuse, type Result } from "../../protocol/index.ts";
import { CachingDatabase } from "./sqlite/caching-database.ts";
import { MIGRATIONS } from "./migrations.ts";
import { drizzleOver } from "./sqlite/drizzle.ts";

/** The connection itself, for transactions and savepoints. */
export type RawDatabase = Database;
export type Db = BunSQLiteDatabase;
export interface OpenDatabase {
  raw: Database;
  db: Db;
}

const MARKER = "town.marker";
/**
 * SQLite's own 2 MB hold a few hundred beads with their indexes: a tick would read its pages again and again. With four
 * times 8 MB a sling of 10,000 beads and a change among 10^6 took no less (P2, P3), and a town grew for hours.
 */
const CACHE_KIB = 8 * 1024;
/** Pages (of 4 KiB) in the log before they are written into the file: a page that changes often is written once. */
const LOG_PAGES = 4_000;

/**
 * @param where an existing directory, or a database that its owner has opened (strict)
 * @returns the database at its newest schema; refusals: a newer version's data, or a missing
 * database where a town was before (a lost file must not become an empty town)
 */
export function openDatabase(where: string | RawDatabase): Result<OpenDatabase> {
  if (typeof where === "string") return openFile(where);
  prepare(where, readVersion(where) ?? 0);
  return { ok: true, value: { raw: where, db: drizzleOver(where) } };
}

function openFile(dataDir: string): Result<OpenDatabase> {
  const file = join(dataDir, "town.db");
  const marker = join(dataDir, MARKER);
  if (!existsSync(file) && existsSync(marker)) {
    return refuse(
      "not_found",
      `${file} is missing but a town was here. Put a backup in its place, or remove ${marker} to start an empty town.`,
    );
  }
  const raw = new CachingDatabase(file, { create: true, strict: true });
  const version = readVersion(raw);
  if (version === null) {
    raw.close();
    return refuse(
      "internal",
      `${file} cannot be read as a town's database. Put a backup in its place; nothing was changed.`,
    );
  }
  if (version > MIGRATIONS.length) {
    raw.close();
    return refuse(
      "protocol_version",
      `the data in ${dataDir} was written by a newer gastown (schema ${version}, this one knows ${MIGRATIONS.length}). Update gastown and start again; nothing was changed.`,
    );
  }
  raw.run("PRAGMA journal_mode = WAL");
  if (version > 0 && version < MIGRATIONS.length)
    copyAside(raw, `${file}.before-${MIGRATIONS.length}`);
  prepare(raw, version);
  writeFileSync(marker, "A town lives here; see town.db.\n", { mode: 0o600 });
  return { ok: true, value: { raw, db: drizzleOver(raw) } };
}

/** Settings of the connection, and the migrations that the data has not seen. */
function prepare(raw: RawDatabase, version: number): void {
  raw.run("PRAGMA synchronous = FULL");
  raw.run("PRAGMA busy_timeout = 5000");
  raw.run(`PRAGMA cache_size = -${CACHE_KIB}`);
  raw.run(`PRAGMA wal_autocheckpoint = ${LOG_PAGES}`);
  raw.run("PRAGMA foreign_keys = ON");
  for (const [done, migration] of MIGRATIONS.slice(version).entries()) {
    const next = version + done;
    raw.transaction(() => {
      for (const statement of migration.split("--> statement-breakpoint")) raw.run(statement);
      raw.run(`PRAGMA user_version = ${next + 1}`);
    })();
  }
}

/** Closes it as one complete file: nothing of it is left in the log beside it. */
export function closeDatabase(raw: Database): void {
  raw.run("PRAGMA wal_checkpoint(TRUNCATE)");
  raw.close();
}

/** The schema's version, or null when the file is no database. */
function readVersion(raw: Database): number | null {
  try {
    return raw.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "SQLITE_NOTADB") return null;
    throw error;
  }
}

/** A copy that an interrupted migration left is the one to keep. */
function copyAside(raw: Database, path: string): void {
  if (!existsSync(path)) raw.run("VACUUM INTO ?", [path]);
}
