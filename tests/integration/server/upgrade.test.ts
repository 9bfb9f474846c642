import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { openDatabase } from "../../../server/store/database.ts";
import { MIGRATIONS } from "../../../server/store/migrations.ts";
import { tempDir } from "../../support/temp-dir.ts";

interface Column {
  name: string;
  type: string;
  notnull: number;
  dflt_value: string | null;
}

/** A row in every table, with something in every column that must have it. */
function fill(db: Database): string[] {
  const tables = db
    .query<{ name: string }, []>("select name from sqlite_master where type = 'table'")
    .all()
    .map(({ name }) => name);
  for (const table of tables) {
    const columns = db.query<Column, []>(`pragma table_info(\`${table}\`)`).all();
    const wanted = columns.filter(
      ({ notnull, dflt_value }) => notnull === 1 && dflt_value === null,
    );
    const names = wanted.map(({ name }) => `\`${name}\``).join(", ");
    const values = wanted.map(({ type }) => (type.toLowerCase() === "integer" ? "1" : "'[]'"));
    if (wanted.length === 0) db.run(`insert into \`${table}\` default values`);
    else db.run(`insert into \`${table}\` (${names}) values (${values.join(", ")})`);
  }
  return tables;
}

test.each(MIGRATIONS.slice(0, -1).map((_, at) => at + 1))(
  "[F11] data of schema %i with a row in every table is brought to the newest, and no table loses its row",
  async (version) => {
    await using dir = await tempDir("upgrade");
    const old = new Database(join(dir.path, "town.db"), { create: true });
    for (const migration of MIGRATIONS.slice(0, version))
      for (const statement of migration.split("--> statement-breakpoint")) old.run(statement);
    const tables = fill(old);
    old.run(`pragma user_version = ${version}`);
    old.close();
    const opened = openDatabase(dir.path);
    if (!opened.ok) throw new Error(opened.error.message);
    const { raw } = opened.value;
    const kept = tables.filter((name) => {
      const found = raw.query("select 1 from sqlite_master where name = ?").get(name);
      return found !== null && raw.query(`select 1 from \`${name}\``).get() !== null;
    });
    raw.close();
    expect(kept).toEqual(tables);
  },
);
