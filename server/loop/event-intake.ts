/**
 * What agents say is shown, not decided upon: frames of nothing but agent events take no tick. They are stored in events.db,
 * and how far a runner's spool has been read is written down with the next commit. Source: ADR 0006.
 */
import { and, eq } from "drizzle-orm";
import { ok, type AgentEvent, type FactBatch } from "../../protocol/index.ts";
import type { Clock, Log, Scheduler } from "../core.ts";
import type { Policy } from "../model/policy.ts";
import type { Db } from "../store/database.ts";
import { leastIdAt } from "../store/id-source.ts";
import { given, prepared } from "../store/prepared.ts";
import { runs } from "../store/schema/runs.ts";
import type { Streams } from "../store/streams.ts";
import { markSpool, type RunnerRow } from "../store/writes/runners.ts";
import type { TownLoop } from "./town-loop.ts";

/** A crash forgets at most this much of the mark: the runner's hello brings it back. */
const WRITE_MARK_MS = 5_000;

interface Mark {
  connection: number;
  spoolEpoch: string;
  seq: number;
  /** Not written down yet. */
  ahead: boolean;
}

export interface IntakePorts {
  db: Db;
  loop: TownLoop;
  scheduler: Scheduler;
  streams: Streams;
  clock: Clock;
  log: Log;
  policy: () => Policy;
  onEvents: (runId: string, events: readonly AgentEvent[]) => void;
}

const ownRun = prepared((db) =>
  db
    .select({ id: runs.id })
    .from(runs)
    .where(
      and(
        eq(runs.id, given("id")),
        eq(runs.runnerId, given("runnerId")),
        eq(runs.fenceEpoch, given("epoch")),
        eq(runs.fenceN, given("n")),
      ),
    )
    .prepare(),
);

export class EventIntake {
  readonly #ports: IntakePorts;
  readonly #marks = new Map<string, Mark>();
  #writing = false;

  constructor(ports: IntakePorts) {
    this.#ports = ports;
  }

  /** How far this runner's spool is read, as far as this process knows. */
  markOf(runnerId: string): number {
    return this.#marks.get(runnerId)?.seq ?? 0;
  }

  /** A new connection begins. @returns how far its spool is read, which may be further than was written down */
  greet({ id, connection, spoolEpoch, spoolSeq }: RunnerRow): number {
    const before = this.#marks.get(id);
    const seq = before?.spoolEpoch === spoolEpoch ? Math.max(before.seq, spoolSeq) : spoolSeq;
    this.#marks.set(id, { connection, spoolEpoch, seq, ahead: false });
    return seq;
  }

  /** Takes a frame of events alone; null when it holds anything else or is not of the live connection. */
  take(runnerId: string, batch: FactBatch): { ackedSeq: number } | null {
    const mark = this.#marks.get(runnerId);
    if (mark?.connection !== batch.connection || mark.spoolEpoch !== batch.spoolEpoch) return null;
    if (batch.facts.some((fact) => fact.body.kind !== "events")) return null;
    this.#keep(runnerId, batch, mark.seq);
    mark.seq = Math.max(mark.seq, batch.facts.at(-1)?.seq ?? 0);
    mark.ahead = true;
    this.#writeLater();
    return { ackedSeq: mark.seq };
  }

  /** A frame whose facts a tick has stored: its events, from a fact on, are kept and shown now. */
  passed(runnerId: string, batch: FactBatch, from: number): void {
    this.#keep(runnerId, batch, from);
    const mark = this.#marks.get(runnerId);
    if (mark) mark.seq = Math.max(mark.seq, batch.facts.at(-1)?.seq ?? 0);
  }

  #keep(runnerId: string, batch: FactBatch, from: number): void {
    const { db, streams, clock, policy, log, onEvents } = this.#ports;
    const own = ownRun(db);
    const fresh = batch.facts.flatMap(({ seq, runId, fence, body }) => {
      if (body.kind !== "events" || seq <= from) return [];
      const { epoch, n } = fence;
      return own.get({ id: runId, runnerId, epoch, n }) ? [{ runId, events: body.events }] : [];
    });
    if (fresh.length === 0) return;
    try {
      streams.append(fresh, leastIdAt("run", clock.now() - policy().streamsKeptMs));
    } catch (error) {
      // Failing to keep them must not hold up the facts.
      log.warn({ runner: runnerId, err: String(error) }, "agent events could not be kept");
    }
    for (const { runId, events } of fresh) onEvents(runId, events);
  }

  #writeLater(): void {
    if (this.#writing) return;
    this.#writing = true;
    this.#ports.scheduler.after(WRITE_MARK_MS, () => {
      this.#writing = false;
      const ahead = [...this.#marks].filter(([, mark]) => mark.ahead);
      const { loop, log } = this.#ports;
      loop
        .submit("runner.mark", (tx) => {
          for (const [runnerId, mark] of ahead) markSpool(tx, runnerId, mark.seq);
          return ok(null);
        })
        .catch((bug: unknown) => log.debug({ err: String(bug) }, "the town was stopping"));
      for (const [, mark] of ahead) mark.ahead = false;
    });
  }
}
