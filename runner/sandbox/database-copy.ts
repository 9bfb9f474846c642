/**
 * Packs and unpacks the SQLite database of an agent program. It runs inside the agent's sandbox, because what the agent's own
 * processes may have written is read by nobody outside. It stands alone (built-in modules only).
 *
 * Argument: a JSON `CopyPlan`. `pack` writes the packed database to stdout; `unpack` reads one from stdin, and writes the rows
 * of its question as JSON. Exit code 1, with a sentence on stderr: it is damaged, too large, or cannot be written.
 */
import { Database } from "bun:sqlite";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";

type CopyPlan = {
  path: string;
  /** Of the database, unpacked. */
  bytesMax: number;
} & (
  | { op: "pack"; statements: string[] }
  | { op: "unpack"; statements: { sql: string; values: (string | number)[] }[]; ask: string }
);

const plan: CopyPlan = JSON.parse(process.argv[2] ?? "{}");

function check(db: Database): void {
  const [row] = db.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").all();
  if (row?.quick_check !== "ok") throw new Error(`it is damaged: ${row?.quick_check ?? "unread"}`);
}

/** A copy of what is committed, while its owner goes on writing; what does not belong in it is cut out. */
function pack(statements: string[]): Buffer {
  const copy = `${plan.path}.copy`;
  rmSync(copy, { force: true });
  const live = new Database(plan.path, { readonly: true });
  live.run("PRAGMA busy_timeout = 5000");
  live.run("VACUUM INTO ?", [copy]);
  live.close();
  try {
    const db = new Database(copy);
    check(db);
    for (const sql of statements) db.run(sql);
    if (statements.length > 0) db.run("VACUUM");
    db.close();
    const bytes = readFileSync(copy);
    if (bytes.byteLength > plan.bytesMax) throw new Error(`it has ${bytes.byteLength} bytes`);
    return zstdCompressSync(bytes);
  } finally {
    rmSync(copy, { force: true });
  }
}

function unpack(
  packed: Buffer,
  statements: { sql: string; values: (string | number)[] }[],
  ask: string,
): unknown[] {
  mkdirSync(dirname(plan.path), { recursive: true, mode: 0o700 });
  // An agent that waited in this home may have left one, and its log would be played over what comes.
  for (const file of [plan.path, `${plan.path}-wal`, `${plan.path}-shm`])
    rmSync(file, { force: true });
  writeFileSync(plan.path, zstdDecompressSync(packed, { maxOutputLength: plan.bytesMax }), {
    mode: 0o600,
  });
  const db = new Database(plan.path);
  check(db);
  for (const { sql, values } of statements) db.run(sql, values);
  const rows = db.query(ask).all();
  db.close();
  return rows;
}

try {
  const output =
    plan.op === "pack"
      ? pack(plan.statements)
      : JSON.stringify(unpack(readFileSync(0), plan.statements, plan.ask));
  writeFileSync(1, output);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
