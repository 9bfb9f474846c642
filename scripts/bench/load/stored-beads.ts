// Towns with many beads, written quickly: two beads that the town made itself are copied in SQL, under ids of their own.
// Whatever the schema is, the rows are such as the town writes.
import { Database } from "bun:sqlite";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Issue } from "../../../protocol/index.ts";
import { openCore } from "./core.ts";

export interface StoredBeads {
  closed: number;
  open: number;
  eventsPerBead: number;
  /** Of the open ones, so many wait for another of them each; none unless given. */
  dependent?: number;
  /** Agents at once in their rig; the town's own figure unless given. */
  slots?: number;
}

/** A runner has as long to come as the bench takes to look. */
const POLICY = { runnerLostMs: 1 };
const ID_DIGITS = 26;
/** The rig of all stored beads. */
export const STORED_RIG = "stored";

/**
 * Founds a town in `dataDir` with one rig and these beads; the open ones wait for a runner that does
 * not come. The town is closed afterwards.
 * @returns ids of the first open beads, at most a hundred
 */
export async function storeBeads(dataDir: string, wish: StoredBeads): Promise<string[]> {
  await mkdir(dataDir, { recursive: true });
  const templates = await makeTemplates(dataDir, wish.slots);
  const db = new Database(join(dataDir, "town.db"), { strict: true });
  try {
    // The file is made anew by every bench: what a crash would do to it is of no interest.
    db.run("PRAGMA synchronous = OFF");
    db.run("PRAGMA cache_size = -262144");
    db.transaction(() => {
      copyBead(db, templates.open, { from: 1, count: wish.open, events: wish.eventsPerBead });
      const from = wish.open + 1;
      makeDependent(db, wish);
      copyBead(db, templates.closed, { from, count: wish.closed, events: wish.eventsPerBead });
    })();
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  } finally {
    db.close();
  }
  return Array.from({ length: Math.min(wish.open, 100) }, (_, n) => beadId(n + 1));
}

/** The newest of the open beads wait for the oldest, one for one. */
function makeDependent(db: Database, { open, dependent = 0 }: StoredBeads): void {
  const insert = db.prepare("INSERT INTO bead_dependencies VALUES (?, ?, 'blocks')");
  const unqueue = db.prepare("DELETE FROM ready WHERE subject_id = ?");
  for (let n = 0; n < dependent; n++) {
    insert.run(beadId(open - n), beadId(n + 1));
    unqueue.run(beadId(open - n));
  }
}

async function makeTemplates(
  dataDir: string,
  slots: number | undefined,
): Promise<{ open: string; closed: string }> {
  await using town = await openCore(dataDir, POLICY);
  const rig = { name: STORED_RIG, remote: "/nowhere/stored.git" };
  await town.call("rig.add", { ...rig, ...(slots === undefined ? {} : { slots }) });
  const body = "What is to be done, in a sentence or two, as somebody would write it.";
  const sling = (title: string) => town.call("bead.sling", { rig: STORED_RIG, title, body });
  const closed = await sling("A bead that is done");
  await town.call("bead.close", { bead: closed.id, outcome: "nothing_to_do" });
  const open = await sling("A bead that waits");
  while (await isUnjudged(town, open.id)) await new Promise(setImmediate);
  return { open: open.id, closed: closed.id };
}

/** The loop says in a tick of its own what a bead waits for. */
async function isUnjudged(
  town: Awaited<ReturnType<typeof openCore>>,
  id: string,
): Promise<boolean> {
  const { bead } = await town.call("bead.get", { bead: id });
  return (bead as Issue).wait === null;
}

export function beadId(n: number): string {
  return `bd_${String(n).padStart(ID_DIGITS, "0")}`;
}

interface Copies {
  from: number;
  count: number;
  events: number;
}

function copyBead(db: Database, template: string, copies: Copies): void {
  if (copies.count === 0) return;
  const bead = sqlId("bd_", "n");
  const older = `- (${copies.from + copies.count} - n)`;
  const times = { created_at: older, updated_at: older, closed_at: older, state_since: older };
  const at = { bead: template, ...copies };
  copyRows(db, { ...at, table: "beads", key: "id", change: { id: bead }, times, repeat: 1 });
  copyRows(db, {
    ...at,
    table: "issues",
    key: "bead_id",
    change: { bead_id: bead },
    times,
    repeat: 1,
  });
  // What waits for capacity alone is in this index, under its own id and resource.
  const resource = `replace(t.resource, ?3, ${bead})`;
  const change = { subject_id: bead, resource, age: bead };
  copyRows(db, { ...at, table: "ready", key: "subject_id", change, times: {}, repeat: 1 });
  copyHistory(db, at, bead, older);
}

function copyHistory(
  db: Database,
  at: Copies & { bead: string },
  bead: string,
  older: string,
): void {
  // One line of history as often as wished: the first, which says that the bead was created.
  const change = { bead_id: bead, id: sqlId("ev_", `(n * ${at.events} + k)`) };
  const row = "(SELECT * FROM bead_events WHERE bead_id = ?3 ORDER BY id LIMIT 1)";
  const lines = { change, times: { at: older }, row, repeat: at.events };
  copyRows(db, { ...at, table: "bead_events", key: "bead_id", ...lines });
}

interface RowCopies extends Copies {
  bead: string;
  table: string;
  key: string;
  /** Columns that get a value of their own, as SQL of n (which copy) and k (which of its repetitions). */
  change: Record<string, string>;
  /** Columns of times, with what is added to them. */
  times: Record<string, string>;
  row?: string;
  repeat: number;
}

function copyRows(db: Database, copies: RowCopies): void {
  const { table, key, change, times, repeat } = copies;
  const info = db.query<{ name: string }, []>(`PRAGMA table_info(${table})`).all();
  const columns = info.map(({ name }) => `"${name}"`);
  const values = info.map(({ name }) => {
    if (change[name] !== undefined) return change[name];
    return times[name] === undefined ? `t."${name}"` : `t."${name}" ${times[name]}`;
  });
  const row = copies.row ?? `(SELECT * FROM ${table} WHERE ${key} = ?3)`;
  db.query(
    `WITH RECURSIVE copy(n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM copy WHERE n < ?2),
       again(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM again WHERE k < ${repeat - 1})
     INSERT INTO ${table} (${columns.join(", ")})
     SELECT ${values.join(", ")} FROM copy CROSS JOIN again CROSS JOIN ${row} t`,
  ).run(copies.from, copies.from + copies.count - 1, copies.bead);
}

function sqlId(prefix: string, number: string): string {
  return `'${prefix}' || printf('%0${ID_DIGITS}d', ${number})`;
}
