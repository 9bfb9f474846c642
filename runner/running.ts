/** A runner that is up: its one way to end is a drain. */
import { DRAIN_FLUSH_MS } from "./config.ts";
import type { Log } from "./log.ts";
import type { Runs } from "./runs/runs.ts";
import type { TownSession } from "./session/town-session.ts";

export interface Runner {
  /** Exit code: 0 after `stop`, 1 when it could not go on. */
  stopped: Promise<number>;
  /** Why it could not go on, as a sentence for people; null otherwise. */
  failure(): string | null;
  /** Drains: no new offers, work saved, facts sent if the town can be reached. `atOnce`: its runs get no grace. */
  stop(reason: string, how?: "atOnce"): Promise<void>;
}

/** Connects and stays connected. `release` frees what the runner holds on this host. */
export function keepRunning(parts: {
  session: TownSession;
  runs: Runs;
  log: Log;
  release: () => Promise<void>;
}): Runner {
  const { session, runs, log } = parts;
  const { promise: stopped, resolve } = Promise.withResolvers<number>();
  let why: string | null = null;
  let stopping: Promise<void> | null = null;
  const shutDown = async (reason: string, graceMs: number) => {
    log.info("runner stops", { reason });
    const drained = runs.drain(reason, graceMs);
    void session.leave();
    await drained;
    if (session.connected) await session.flushed(DRAIN_FLUSH_MS);
    session.close();
    await ran;
    await parts.release();
    resolve(why === null ? 0 : 1);
  };
  const stop = (reason: string, how?: "atOnce") =>
    (stopping ??= shutDown(reason, how === "atOnce" ? 0 : session.drainGraceMs));
  const ran = session.run().then((refusal) => {
    if (refusal === null) return;
    why = refusal.message;
    log.error("the town refuses this runner", { code: refusal.code, why });
    void stop(refusal.message, "atOnce");
  });
  return { stopped, failure: () => why, stop };
}
