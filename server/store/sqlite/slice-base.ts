/** town.db as a slice begins with it: copied when a recording starts, and without secrets when it is exported. */
import { Database } from "bun:sqlite";
import { existsSync, rmSync } from "node:fs";

/** Copies the database, its log included, into a file. @returns false when there is none */
export function copyBase(file: string, into: string): boolean {
  rmSync(into, { force: true });
  if (!existsSync(file)) return false;
  const db = new Database(file, { strict: true });
  try {
    db.run("VACUUM INTO ?", [into]);
  } finally {
    db.close();
  }
  return true;
}

/** Takes sealed secrets, the feed and the audit out of a copy, and scrubs every text in it. */
export function scrubBase(file: string, scrub: (text: string) => string): void {
  const db = new Database(file, { strict: true });
  try {
    db.transaction(() => {
      db.run("UPDATE secrets SET sealed = 'none', tail = ''");
      db.run("DELETE FROM changes");
      db.run("DELETE FROM audit");
      for (const { name } of tables(db)) scrubTable(db, name, scrub);
    })();
    db.run("VACUUM");
  } finally {
    db.close();
  }
}

function tables(db: Database): { name: string }[] {
  return db
    .query<{ name: string }, []>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    .all();
}

function scrubTable(db: Database, table: string, scrub: (text: string) => string): void {
  const columns = db
    .query<{ name: string; type: string }, []>(`PRAGMA table_info("${table}")`)
    .all()
    .filter(({ type }) => type.toLowerCase() === "text");
  for (const { name } of columns) {
    const change = db.query(`UPDATE "${table}" SET "${name}" = $clean WHERE rowid = $row`);
    const rows = db
      .query<{ row: number; text: string | null }, []>(
        `SELECT rowid AS row, "${name}" AS text FROM "${table}"`,
      )
      .all();
    for (const { row, text } of rows) {
      const clean = text === null ? null : scrub(text);
      if (clean !== text) change.run({ clean, row });
    }
  }
}
