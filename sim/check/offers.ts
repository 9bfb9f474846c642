/** What the town believes of a run must be what its runner has written down. */
import type { Image } from "../../protocol/index.ts";
import type { SqlDatabase } from "../../runner/spool/disk.ts";
import { columnOf, diskOf } from "./disks.ts";
import { Violation } from "./violation.ts";

type Run = Image<"run">;

export class OfferChecks {
  readonly #isNear: (runnerId: string) => boolean;
  /** The disks of all runners that were ever started. */
  readonly #disks: () => SqlDatabase[];

  /**
   * Of each run. Ids and offers of one runner are in the same order between two starts of the town; at a start its
   * clock may have been set back, and with it the ids.
   */
  readonly #epochs = new Map<string, number>();

  constructor(disks: () => SqlDatabase[], isNear: (runnerId: string) => boolean) {
    this.#isNear = isNear;
    this.#disks = disks;
  }

  see(before: Run | undefined, run: Run): void {
    this.#epochs.set(run.id, run.fence.epoch);
    if (before?.state === "offered" && run.state === "accepted") this.#alone(run);
    if (before === undefined || before.state === "ended" || run.state !== "ended") return;
    const disk = diskOf(this.#disks(), run.runnerId);
    if (disk === undefined) return;
    const { id, outcome, reason } = run;
    const state = columnOf(disk, `select state from runs where run_id = '${id}'`);
    if (outcome === "rejected" && before.state === "offered" && state === "live")
      throw new Violation("offer-known", `${id} counts as refused, and its runner works on it`);
    if (reason?.code === "absent") this.#absent(before, disk, state);
    if (reason?.code === "not_stopped") this.#unstopped(run, disk, state);
  }

  /** A runner works on one run of a bead, a lane or a session: the next begins from what the last one saved. */
  #alone({ id, runnerId }: Run): void {
    const disk = diskOf(this.#disks(), runnerId);
    if (disk === undefined) return;
    const older = columnOf(
      disk,
      `select older.run_id from runs as older, runs as mine where mine.run_id = '${id}' and mine.state = 'live' and older.state = 'live' and older.resource = mine.resource and older.run_id <> mine.run_id`,
    );
    if (older !== null)
      throw new Violation("one-run-there", `${id} was taken where ${older} still lives`);
  }

  /** A run is not there when it is in no book: neither at work nor ended and not told. */
  #absent({ id, state }: Run, disk: SqlDatabase, booked: string | null): void {
    if (booked !== null)
      throw new Violation(
        "offer-known",
        `${id} counts as lost, and its runner has it as ${booked}`,
      );
    if (state === "offered" && !this.#hasOneFrom(disk, id))
      throw new Violation("offer-known", `${id} counts as lost, and its offer has not arrived yet`);
  }

  /** Whether the disk has the offer of this run or of a later one. */
  #hasOneFrom(disk: SqlDatabase, id: string): boolean {
    const epoch = this.#epochs.get(id) ?? 0;
    const offers = disk.query<{ run_id: string }, []>("select run_id from offers").all();
    return offers.some(({ run_id: offered }) => {
      const its = this.#epochs.get(offered) ?? 0;
      return its > epoch || (its === epoch && offered >= id);
    });
  }

  /** A stop is waited for in vain only where the runner cannot be heard, or still works on it. */
  #unstopped({ id, runnerId }: Run, disk: SqlDatabase, booked: string | null): void {
    const told = columnOf(disk, `select kind from facts where run_id = '${id}'`);
    if (this.#isNear(runnerId) && booked !== "live" && told === null)
      throw new Violation("offer-known", `${id} was waited for, and its runner never had it`);
  }
}
