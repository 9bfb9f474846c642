/** Opens the runner's own database: what it has seen and not yet told, and its memory across restarts. */
import { randomHex, type Random } from "../clock.ts";
import type { Disk, SqlDatabase } from "./disk.ts";
import { refuse, type Result } from "../../protocol/error.ts";

/** Raise it with a step in `migrate`; a file of a newer version is refused. */
const SPOOL_VERSION = 2;

const SCHEMA = `
create table meta (key text primary key, value text not null) strict;
create table facts (
  seq integer primary key autoincrement,
  run_id text not null, epoch integer not null, n integer not null,
  at integer not null, kind text not null, body text not null
) strict;
create table offers (
  run_id text primary key, offer_seq integer not null, answer text not null
) strict;
create table runs (
  run_id text primary key, resource text not null, kind text not null,
  epoch integer not null, n integer not null, spec text not null,
  state text not null check (state in ('live', 'ended')), phase text not null,
  accepted_at integer not null, exit_seq integer, memory text not null default '{}'
) strict;
create table fences (resource text primary key, epoch integer not null, n integer not null, run_id text not null) strict;
create table tombstones (
  run_id text primary key, epoch integer not null, n integer not null, outcome text not null, at integer not null
) strict;
create table journals (key text not null, step integer not null, entry text not null, primary key (key, step)) strict;
create table gate_results (key text primary key, results text not null, at integer not null) strict;
create index facts_run on facts (run_id);
`;

/** Of version 2: see `save-book.ts`. */
const SAVES = `
create table saves (
  run_id text primary key, epoch integer not null, n integer not null,
  bead_id text not null, rig_id text not null, remote text not null,
  base_oid text not null, since_oid text not null, oid text not null, held_oid text, copies integer not null
) strict;
`;

/** Opens or makes the database. Error: `unsupported` for one of a newer version. */
export function openSpoolDatabase(disk: Disk, random: Random): Result<SqlDatabase> {
  const db = disk.open();
  db.run("pragma journal_mode = wal");
  // Whoever is told of a fact may rely on it: no commit is lost with the power.
  db.run("pragma synchronous = full");
  db.run("pragma busy_timeout = 5000");
  const version =
    db.query<{ user_version: number }, []>("pragma user_version").get()?.user_version ?? 0;
  if (version > SPOOL_VERSION) {
    db.close();
    return refuse(
      "unsupported",
      `The runner's data was written by a newer version of gastown. Start that version, or use another data directory.`,
    );
  }
  if (version < SPOOL_VERSION)
    db.transaction(() => {
      if (version === 0) db.run(SCHEMA);
      if (version === 0)
        db.query("insert into meta (key, value) values ('spool_epoch', ?)").run(
          `sp_${randomHex(random, 12)}`,
        );
      db.run(SAVES);
      db.run(`pragma user_version = ${SPOOL_VERSION}`);
    });
  return { ok: true, value: db };
}
