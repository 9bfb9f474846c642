/** What the town believes of an offer must be what its runner has written down. */
import type { Image } from "../../protocol/index.ts";
import type { SqlDatabase } from "../../runner/spool/disk.ts";
import { Violation } from "./violation.ts";

type Run = Image<"run">;

export class OfferChecks {
  /** The disks of all runners that were ever started. */
  readonly #disks: () => SqlDatabase[];

  constructor(disks: () => SqlDatabase[]) {
    this.#disks = disks;
  }

  see(before: Run | undefined, { id, state, outcome, reason, runnerId }: Run): void {
    if (before?.state !== "offered" || state !== "ended") return;
    const disk = this.#disks().find(
      (each) => ask(each, "select value from meta where key = 'runner_id'") === runnerId,
    );
    if (disk === undefined) return;
    const lives = ask(disk, `select run_id from runs where run_id = '${id}' and state = 'live'`);
    if (outcome === "rejected" && lives !== null)
      throw new Violation("offer-known", `${id} counts as refused, and its runner works on it`);
    // Ids and offers of one runner are in the same order.
    const newest = ask(disk, "select max(run_id) from offers") ?? "";
    if (reason?.code === "absent" && newest < id)
      throw new Violation("offer-known", `${id} counts as lost, and its offer has not arrived yet`);
  }
}

/** The first column of the first row. */
function ask(disk: SqlDatabase, sql: string): string | null {
  const row = disk.query<Record<string, string | null>, []>(sql).get();
  return row === null ? null : (Object.values(row)[0] ?? null);
}
