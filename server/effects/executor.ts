/**
 * The outbox's hands: sends what is owed, in order per subject, checks the run once more before each
 * send, and reports back through the loop. All effects are idempotent at the runner (same
 * run and fence), so an unknown outcome is simply sent again.
 */
import { ok } from "../../protocol/index.ts";
import type { Clock, Log, RunnerPort, Scheduler } from "../core.ts";
import type { TownLoop } from "../loop/town-loop.ts";
import type { Db } from "../store/database.ts";
import { dueEffects, nextEffectAt } from "../store/owed.ts";
import { runners, runs } from "../store/schema/runs.ts";
import type { Tx } from "../store/tx.ts";
import type { EffectWrites } from "./effect-writes.ts";
import type { Owed, Sending, Sent } from "./sending.ts";
import { sendForget } from "./send-forget.ts";
import { sendMail } from "./send-mail.ts";
import { sendOffer } from "./send-offer.ts";
import { sendPurge } from "./send-purge.ts";
import { sendStop } from "./send-stop.ts";
import { sendTurn } from "./send-turn.ts";
import { rowAt } from "../store/rows.ts";

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

/** What is owed for later may be owed for months: longer than a timer of the host knows. */
const SLEEP_MS_MAX = 24 * 3_600_000;
const sleepMs = (ms: number) => Math.min(Math.max(1, ms), SLEEP_MS_MAX);

export interface ExecutorDeps {
  scheduler: Scheduler;
  db: Db;
  loop: TownLoop;
  port: RunnerPort;
  clock: Clock;
  log: Log;
  acceptByMs: () => number;
  /** Runners that can be reached now. */
  online: () => Iterable<string>;
  writes: EffectWrites;
}

export class Executor {
  readonly #deps: ExecutorDeps;
  #busy = new Set<string>();
  #cancelTimer: (() => void) | null = null;
  #stopped = false;

  constructor(deps: ExecutorDeps) {
    this.#deps = deps;
  }

  /** Starts whatever is due and not under way; called after every commit. */
  kick(): void {
    if (this.#stopped) return;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const { db, clock, scheduler } = this.#deps;
    const online = [...this.#deps.online()];
    if (online.length === 0) return;
    const now = clock.now();
    for (const row of dueEffects(db, now, online)) {
      if (!this.#busy.has(row.subject)) void this.#send(row);
    }
    const nextAt = nextEffectAt(db, now, online);
    if (nextAt !== null)
      this.#cancelTimer = scheduler.after(sleepMs(nextAt - now), () => this.kick());
  }

  stop(): void {
    this.#stopped = true;
  }

  async #send(owed: Owed): Promise<void> {
    const { loop, log } = this.#deps;
    this.#busy.add(owed.subject);
    try {
      const sent = await this.#attempt(owed);
      if (this.#stopped) return;
      await loop.submit(`effect ${owed.kind}`, (tx) => {
        this.#settle(tx, owed, sent);
        return ok(null);
      });
      this.#busy.delete(owed.subject);
      this.kick();
    } catch (bug) {
      // Its result could not be written: the subject rests, so that a bug does not spin.
      if (this.#stopped) return;
      log.error({ effect: owed.kind, subject: owed.subject, err: String(bug) }, "an effect failed");
      this.#deps.scheduler.after(LAST_RETRY_MS, () => {
        this.#busy.delete(owed.subject);
        this.kick();
      });
    }
  }

  /** A port that throws is a bug of the port; the effect stays owed all the same. */
  async #attempt(owed: Owed): Promise<Sent> {
    try {
      return await this.#perform(owed);
    } catch (bug) {
      this.#deps.log.error({ effect: owed.kind, err: String(bug) }, "an effect's port threw");
      return { done: false, error: String(bug) };
    }
  }

  #settle(tx: Tx, owed: Owed, sent: Sent): void {
    const { writes } = this.#deps;
    if (sent.done) {
      sent.apply(tx, writes);
      writes.confirm(tx, owed.id);
      return;
    }
    const attempts = owed.attempts + 1;
    const waitMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts, 10));
    writes.retry(tx, owed.id, attempts, tx.now + waitMs, sent.error);
  }

  async #perform(owed: Owed): Promise<Sent> {
    const { db, port } = this.#deps;
    const acceptByMs = this.#deps.acceptByMs();
    const runner = rowAt(db, runners, owed.runnerId);
    if (owed.kind === "run.forget")
      return runner
        ? sendForget({ db, port }, owed, runner.connection)
        : { done: true, apply: () => undefined };
    if (owed.kind === "rig.purge")
      return runner
        ? sendPurge({ port }, owed, runner.connection)
        : { done: true, apply: () => undefined };
    const run = rowAt(db, runs, owed.subject);
    if (!run || !runner || run.state === "ended") return { done: true, apply: () => undefined };
    const { connection } = runner;
    const sending: Sending = { db, port, owed, run, connection, acceptByMs };
    switch (owed.kind) {
      case "run.offer":
        return sendOffer(sending);
      case "run.stop":
        return sendStop(sending);
      case "run.mail":
        return sendMail(sending);
      case "session.turn":
        return sendTurn(sending);
    }
  }
}
