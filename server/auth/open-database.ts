/** Opens auth.db, which only this folder reads and writes: logins, tokens, and the name of the key file. */
import { closeSync, existsSync, openSync } from "node:fs";
import { Database } from "bun:sqlite";
import { StartError } from "../start-error.ts";

/** Each entry brings the schema from the version of its place to the next; never changed, only added to. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE setting (
     name TEXT PRIMARY KEY,
     value TEXT NOT NULL
   ) STRICT;
   CREATE TABLE token (
     id TEXT PRIMARY KEY,
     role TEXT NOT NULL CHECK (role IN ('owner', 'runner')),
     name TEXT NOT NULL,
     hash BLOB NOT NULL,
     tail TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     revoked_at INTEGER
   ) STRICT;
   CREATE TABLE login_link (
     id TEXT PRIMARY KEY,
     hash BLOB NOT NULL,
     expires_at INTEGER NOT NULL,
     used_at INTEGER
   ) STRICT;
   CREATE TABLE login (
     id TEXT PRIMARY KEY,
     cookie_hash BLOB NOT NULL,
     secret_hash BLOB NOT NULL,
     created_at INTEGER NOT NULL,
     expires_at INTEGER NOT NULL
   ) STRICT;`,
  // The key for which a runner's token was exchanged; whether this secret of it was.
  `ALTER TABLE token ADD COLUMN public_key TEXT;
   ALTER TABLE token ADD COLUMN joined_at INTEGER;
   ALTER TABLE token ADD COLUMN is_used INTEGER NOT NULL DEFAULT 0;`,
  // What who joins with it may be given, as words with commas between; NULL: everything, as before there were rights.
  `ALTER TABLE token ADD COLUMN rights TEXT;`,
];

/**
 * Opens the database at `path`, made with mode 0600 when it is not there.
 * @throws StartError when a newer program wrote it
 */
export function openDatabase(path: string): Database {
  // Only when it is not there: closing a file drops the locks this process holds on it.
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
  const database = new Database(path, { create: false, readwrite: true, strict: true });
  database.run("PRAGMA journal_mode = WAL");
  database.run("PRAGMA synchronous = FULL");
  database.run("PRAGMA busy_timeout = 5000");
  database.transaction(() => migrate(database, path)).immediate();
  return database;
}

function migrate(database: Database, path: string): void {
  const row = database.query<{ user_version: number }, []>("PRAGMA user_version").get();
  const version = row?.user_version ?? 0;
  if (version > MIGRATIONS.length) {
    throw new StartError(
      `${path} was written by a newer Gastown (schema ${version}, this one knows ${MIGRATIONS.length}). Start the newer program, or choose another directory with --data.`,
    );
  }
  for (const migration of MIGRATIONS.slice(version)) database.run(migration);
  database.run(`PRAGMA user_version = ${MIGRATIONS.length}`);
}
