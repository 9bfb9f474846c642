/**
 * The outbox's hands: sends what is owed, in order per subject, checks the run once more before each
 * send, and reports back through the loop. All three effects are idempotent at the runner (same
 * run and fence), so an unknown outcome is simply sent again.
 */
import { asc, eq } from "drizzle-orm";
import { ok, type Ack } from "../../protocol/index.ts";
import type { Clock, Log, RunnerPort } from "../core.ts";
import type { TownLoop } from "../loop/town-loop.ts";
import type { Db } from "../store/database.ts";
import { runners, runs } from "../store/schema/runs.ts";
import { outbox } from "../store/schema/town.ts";
import type { Tx } from "../store/tx.ts";
import type { EffectWrites } from "./effect-writes.ts";
import { sendOffer } from "./send-offer.ts";
import { sendStop } from "./send-stop.ts";
import { sendTurn } from "./send-turn.ts";

export type Owed = typeof outbox.$inferSelect;
export type RunRow = typeof runs.$inferSelect;

export interface Sending {
  db: Db;
  port: RunnerPort;
  owed: Owed;
  run: RunRow;
  connection: number;
  acceptByMs: number;
}
/** What a send came to: `done` writes its consequence; else it is tried again. */
export type Sent =
  | { done: true; apply(tx: Tx, writes: EffectWrites): void }
  | { done: false; error: string };

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

export interface ExecutorDeps {
  db: Db;
  loop: TownLoop;
  port: RunnerPort;
  clock: Clock;
  log: Log;
  acceptByMs: number;
  online(runnerId: string): boolean;
  writes: EffectWrites;
}

export class Executor {
  readonly #deps: ExecutorDeps;
  #busy = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #stopped = false;

  constructor(deps: ExecutorDeps) {
    this.#deps = deps;
  }

  /** Starts whatever is due and not under way; called after every commit. */
  kick(): void {
    if (this.#stopped) return;
    if (this.#timer) clearTimeout(this.#timer);
    const { db, clock } = this.#deps;
    const rows = db
      .select()
      .from(outbox)
      .where(eq(outbox.state, "owed"))
      .orderBy(asc(outbox.id))
      .all();
    const seen = new Set<string>();
    let nextAt: number | null = null;
    for (const row of rows) {
      if (seen.has(row.subject) || this.#busy.has(row.subject)) continue;
      seen.add(row.subject);
      if (!this.#deps.online(row.runnerId)) continue;
      if (row.nextAt > clock.now()) nextAt = Math.min(nextAt ?? row.nextAt, row.nextAt);
      else void this.#send(row);
    }
    if (nextAt !== null)
      this.#timer = setTimeout(() => this.kick(), Math.max(1, nextAt - clock.now()));
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  async #send(owed: Owed): Promise<void> {
    const { loop, log, writes, clock } = this.#deps;
    this.#busy.add(owed.subject);
    try {
      const sent = await this.#perform(owed);
      if (this.#stopped) return;
      await loop.submit(`effect ${owed.kind}`, (tx) => {
        if (sent.done) {
          sent.apply(tx, writes);
          writes.confirm(tx, owed.id);
        } else {
          const attempts = owed.attempts + 1;
          const waitMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts, 10));
          writes.retry(tx, owed.id, attempts, clock.now() + waitMs, sent.error);
        }
        return ok(null);
      });
    } catch (bug) {
      if (!this.#stopped)
        log.error(
          { effect: owed.kind, subject: owed.subject, err: String(bug) },
          "an effect failed",
        );
    } finally {
      this.#busy.delete(owed.subject);
    }
    this.kick();
  }

  async #perform(owed: Owed): Promise<Sent> {
    const { db, port, acceptByMs } = this.#deps;
    const run = db.select().from(runs).where(eq(runs.id, owed.subject)).get();
    const runner = db.select().from(runners).where(eq(runners.id, owed.runnerId)).get();
    if (!run || !runner || run.state === "ended") return { done: true, apply: () => undefined };
    const sending: Sending = { db, port, owed, run, connection: runner.connection, acceptByMs };
    switch (owed.kind) {
      case "run.offer":
        return sendOffer(sending);
      case "run.stop":
        return sendStop(sending);
      case "session.turn":
        return sendTurn(sending);
    }
  }
}

/** The sentence of a refusal or a missing answer. */
export function errorText(ack: Extract<Ack, { ok: false }>): string {
  return `${ack.error.code}: ${ack.error.message}`;
}
