/**
 * The runner's memory of its runs: offers answered, runs alive, runs ended and not yet acknowledged,
 * fences that were stopped. A later start of the runner reads it to settle what a dead one left.
 */
import type { SqlDatabase } from "./disk.ts";
import { runSpecSchema, type RunSpec } from "../../protocol/run-spec.ts";
import type { OfferAnswer } from "../../protocol/runner-frames.ts";
import { offerAnswerSchema } from "../../protocol/runner-frames.ts";
import type { Fence, Outcome } from "../../protocol/run.ts";
import { outcomeSchema } from "../../protocol/run.ts";

/** Offers whose answers are remembered. */
const OFFERS_KEPT = 1_000;
/** Stopped fences that are remembered. */
const TOMBSTONES_KEPT = 5_000;

export interface BookedRun {
  spec: RunSpec;
  phase: string;
  acceptedAt: number;
  /** What a run kind noted for a later start; an empty object at first. */
  memory: Readonly<Record<string, unknown>>;
}

interface RunRow {
  spec: string;
  phase: string;
  accepted_at: number;
  memory: string;
}

export class RunBook {
  readonly #db: SqlDatabase;

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  get lastOfferSeq(): number {
    return (
      this.#db.query<{ seq: number | null }, []>("select max(offer_seq) as seq from offers").get()
        ?.seq ?? 0
    );
  }

  /** The answer this run's offer had before; null for a new one. */
  answerOf(runId: string): OfferAnswer | null {
    const row = this.#db
      .query<{ answer: string }, [string]>("select answer from offers where run_id = ?")
      .get(runId);
    return row === null ? null : offerAnswerSchema.parse(JSON.parse(row.answer));
  }

  /** The run of this resource that has no exit yet; null when there is none. */
  liveOf(resource: string): string | null {
    return (
      this.#db
        .query<{ run_id: string }, [string]>(
          "select run_id from runs where resource = ? and state = 'live'",
        )
        .get(resource)?.run_id ?? null
    );
  }

  /** Highest fence known of a resource. */
  fenceOf(resource: string): Fence | null {
    return this.#db
      .query<Fence, [string]>("select epoch, n from fences where resource = ?")
      .get(resource);
  }

  /** Highest epoch of the fences that are known; 0 without any. */
  get fenceEpoch(): number {
    return (
      this.#db.query<{ epoch: number | null }, []>("select max(epoch) as epoch from fences").get()
        ?.epoch ?? 0
    );
  }

  /** Records an answer, and the run where it was accepted, in one commit. */
  answer(offer: { spec: RunSpec; offerSeq: number }, answer: OfferAnswer, at: number): void {
    const { spec, offerSeq } = offer;
    const { runId, resource, fence } = spec;
    this.#db.transaction(() => {
      this.#db
        .query(
          "insert into offers (run_id, offer_seq, answer) values (?, ?, ?) on conflict (run_id) do update set offer_seq = max(offer_seq, excluded.offer_seq)",
        )
        .run(runId, offerSeq, JSON.stringify(answer));
      this.#db.query("delete from offers where offer_seq <= ?").run(offerSeq - OFFERS_KEPT);
      if (!answer.accepted) return;
      this.#db
        .query(
          "insert into runs (run_id, resource, kind, epoch, n, spec, state, phase, accepted_at) values (?, ?, ?, ?, ?, ?, 'live', 'accepted', ?)",
        )
        .run(runId, resource, spec.kind, fence.epoch, fence.n, JSON.stringify(spec), at);
      this.#db
        .query(
          "insert into fences (resource, epoch, n, run_id) values (?, ?, ?, ?) on conflict (resource) do update set epoch = excluded.epoch, n = excluded.n, run_id = excluded.run_id",
        )
        .run(resource, fence.epoch, fence.n, runId);
    });
  }

  setPhase(runId: string, phase: string): void {
    this.#db.query("update runs set phase = ? where run_id = ?").run(phase, runId);
  }

  /** Keeps a note of a run for a later start. Durable when it returns. */
  remember(runId: string, memory: Readonly<Record<string, unknown>>): void {
    this.#db
      .query("update runs set memory = ? where run_id = ?")
      .run(JSON.stringify(memory), runId);
  }

  /** To be called inside the commit of the exit fact. */
  end(runId: string, exitSeq: number): void {
    this.#db
      .query("update runs set state = 'ended', exit_seq = ? where run_id = ?")
      .run(exitSeq, runId);
  }

  /** Runs without an exit, oldest first. */
  live(): BookedRun[] {
    return this.#db
      .query<RunRow, []>(
        "select spec, phase, accepted_at, memory from runs where state = 'live' order by accepted_at",
      )
      .all()
      .map(toBooked);
  }

  /** Runs whose exit is not acknowledged yet. */
  ended(): { runId: string; fence: Fence }[] {
    return this.#db
      .query<{ run_id: string; epoch: number; n: number }, []>(
        "select run_id, epoch, n from runs where state = 'ended'",
      )
      .all()
      .map(({ run_id, epoch, n }) => ({ runId: run_id, fence: { epoch, n } }));
  }

  /** From now on this fence starts nothing and has no effect. */
  entomb(runId: string, fence: Fence, outcome: Outcome, at: number): void {
    this.#db.transaction(() => {
      this.#db
        .query(
          "insert into tombstones (run_id, epoch, n, outcome, at) values (?, ?, ?, ?, ?) on conflict (run_id) do nothing",
        )
        .run(runId, fence.epoch, fence.n, outcome, at);
      this.#db
        .query(
          "delete from tombstones where rowid in (select rowid from tombstones order by at desc limit -1 offset ?)",
        )
        .run(TOMBSTONES_KEPT);
    });
  }

  /** How a run was stopped; null when it was not. */
  tombstone(runId: string): Outcome | null {
    const row = this.#db
      .query<{ outcome: string }, [string]>("select outcome from tombstones where run_id = ?")
      .get(runId);
    return row === null ? null : outcomeSchema.parse(row.outcome);
  }
}

function toBooked(row: RunRow): BookedRun {
  return {
    spec: runSpecSchema.parse(JSON.parse(row.spec)),
    phase: row.phase,
    acceptedAt: row.accepted_at,
    memory: JSON.parse(row.memory) as Record<string, unknown>,
  };
}
