/** What must hold of the frames of runners: what is acknowledged, what is told once, and who may be called silent. */
import type { FactBatch, Hello, Image, RunnerWelcome } from "../../protocol/index.ts";
import type { SqlDatabase } from "../../runner/spool/disk.ts";
import { POLICY } from "../../server/model/policy.ts";
import { columnOf, diskOf } from "./disks.ts";
import { Violation } from "./violation.ts";

type Runner = Image<"runner">;

/** Of the time that a runner may be silent: the town's clock may be set by a little, and its host may sleep. */
const SHARE = 0.5;
/** Longer than any frame is under way. */
const NEAR_MS = 60_000;
/** Facts that a run tells once of their subject. */
const ONCE = new Set(["turn_started", "mail_seen"]);

export class WireChecks {
  readonly #disks: () => SqlDatabase[];
  readonly #now: () => number;
  /** When each runner was heard of last, in the time of the world. */
  readonly #heardAt = new Map<string, number>();
  readonly #helloAt = new Map<string, number>();
  /** What the town has acknowledged, by runner and spool. */
  readonly #acked = new Map<string, number>();
  readonly #told = new Map<string, number>();

  constructor(disks: () => SqlDatabase[], now: () => number) {
    this.#disks = disks;
    this.#now = now;
  }

  /** Of every frame that the town took and answered. */
  heard(runnerId: string, event: string, frame: object, value: unknown): void {
    // Only these say that a runner is there.
    if (event === "heartbeat" || event === "hello") this.#heardAt.set(runnerId, this.#now());
    if (event === "hello") this.#greeted(runnerId, frame as Hello, value as RunnerWelcome);
    if (event === "facts")
      this.#stored(runnerId, frame as FactBatch, (value as { ackedSeq: number }).ackedSeq);
  }

  /** Whether the town has had the runner's ear for long enough to tell it anything. */
  isNear(runnerId: string): boolean {
    const sinceMs = (at: number | undefined) => this.#now() - (at ?? this.#now());
    return (
      sinceMs(this.#helloAt.get(runnerId)) > NEAR_MS &&
      sinceMs(this.#heardAt.get(runnerId)) < NEAR_MS / 2
    );
  }

  /** Nobody is given up who was heard of lately, whatever the town has been through. */
  runner(before: Runner | undefined, { id, state }: Runner): void {
    const heardAt = this.#heardAt.get(id);
    if (heardAt === undefined || before === undefined || before.state === state) return;
    const leastMs =
      state === "lost" ? POLICY.runnerLostMs : state === "suspect" ? POLICY.runnerSuspectMs : 0;
    const silentMs = this.#now() - heardAt;
    if (silentMs < leastMs * SHARE)
      throw new Violation("heard-stays", `${id} is ${state} after ${Math.round(silentMs)} ms`);
  }

  forget(): void {
    this.#acked.clear();
    this.#told.clear();
  }

  /** A welcome says what is stored, too. */
  #greeted(runnerId: string, { spoolEpoch }: Hello, { ackedSeq }: RunnerWelcome): void {
    this.#helloAt.set(runnerId, this.#now());
    const key = `${runnerId} ${spoolEpoch}`;
    this.#acked.set(key, Math.max(this.#acked.get(key) ?? 0, ackedSeq));
  }

  #stored(runnerId: string, { spoolEpoch, facts }: FactBatch, ackedSeq: number): void {
    const key = `${runnerId} ${spoolEpoch}`;
    const before = this.#acked.get(key) ?? 0;
    const sent = facts.at(-1)?.seq ?? 0;
    if (ackedSeq < before)
      throw new Violation("acks-rise", `${key} was acknowledged ${before}, now ${ackedSeq}`);
    if (ackedSeq > Math.max(before, sent))
      throw new Violation("acks-true", `${key} was acknowledged ${ackedSeq} and sent ${sent}`);
    const disk = diskOf(this.#disks(), runnerId);
    const forgotten = disk && columnOf(disk, "select value from meta where key = 'acked_seq'");
    if (before > 0 && Number(forgotten ?? 0) > before)
      throw new Violation("acks-true", `${key} forgot all up to ${forgotten}, stored to ${before}`);
    this.#acked.set(key, ackedSeq);
    for (const { seq, runId, body } of facts) {
      const subject = "turnId" in body ? body.turnId : "mailId" in body ? body.mailId : null;
      if (ONCE.has(body.kind) && subject !== null) this.#once(`${runId} ${subject}`, key, seq);
    }
  }

  /** The same fact may come again, under its number. */
  #once(what: string, key: string, seq: number): void {
    const first = this.#told.get(`${key} ${what}`) ?? seq;
    this.#told.set(`${key} ${what}`, first);
    if (first !== seq)
      throw new Violation("told-once", `${what} began as fact ${first} and ${seq}`);
  }
}
