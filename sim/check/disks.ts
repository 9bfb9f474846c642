/** What runners have on their disks, for whoever may look into everything. */
import type { SqlDatabase } from "../../runner/spool/disk.ts";

/** The disk of a runner that its town knows by this id. */
export function diskOf(disks: readonly SqlDatabase[], runnerId: string): SqlDatabase | undefined {
  const known = "select value from meta where key = 'runner_id'";
  return disks.find((each) => columnOf(each, known) === runnerId);
}

/** The first column of the first row; null when there is none. */
export function columnOf(disk: SqlDatabase, sql: string): string | null {
  const row = disk.query<Record<string, string | null>, []>(sql).get();
  return row === null ? null : (Object.values(row)[0] ?? null);
}
