/**
 * Facts on the runner's disk: written before anyone is told, kept until the town has acknowledged
 * them. What is appended together is committed together.
 */
import type { SqlDatabase, SqlQuery } from "./disk.ts";
import { fitFact } from "./fit-fact.ts";
import { factBodySchema, type Fact, type FactBody } from "../../protocol/facts.ts";
import type { Fence } from "../../protocol/run.ts";
import type { Clock } from "../clock.ts";
import { SPOOL_BYTES_MAX } from "../config.ts";
import { shedNotice } from "./shed-notice.ts";

export interface FactInput {
  runId: string;
  fence: Fence;
  body: FactBody;
}

interface FactRow {
  seq: number;
  run_id: string;
  epoch: number;
  n: number;
  at: number;
  kind: string;
  body: string;
}

interface Waiting extends FactInput {
  at: number;
  settle: (seq: number) => void;
}

/** Appends that arrive within this time share a commit. */
const GROUP_MS = 3;

export class Spool {
  readonly epoch: string;
  readonly #db: SqlDatabase;
  readonly #clock: Clock;
  readonly #bytesMax: number;
  readonly #insert: SqlQuery<{ seq: number }, [string, number, number, number, string, string]>;
  readonly #listeners = new Set<() => void>();
  #waiting: Waiting[] = [];
  #callOff: (() => void) | null = null;
  #bytes: number;
  #closed = false;

  constructor(db: SqlDatabase, options: { clock: Clock; bytesMax?: number }) {
    this.#db = db;
    this.#clock = options.clock;
    this.#bytesMax = options.bytesMax ?? SPOOL_BYTES_MAX;
    this.#insert = db.query(
      "insert into facts (run_id, epoch, n, at, kind, body) values (?, ?, ?, ?, ?, ?) returning seq",
    );
    this.epoch = this.#meta("spool_epoch") ?? "";
    this.#bytes =
      db.query<{ bytes: number | null }, []>("select sum(length(body)) as bytes from facts").get()
        ?.bytes ?? 0;
  }

  /** Highest sequence ever given; 0 before the first. */
  get seq(): number {
    const row = this.#db
      .query<{ seq: number }, []>("select seq from sqlite_sequence where name = 'facts'")
      .get();
    return row?.seq ?? 0;
  }

  get ackedSeq(): number {
    return Number(this.#meta("acked_seq") ?? 0);
  }

  /** Resolves with the fact's sequence after it is on disk. Order of calls is order of facts. */
  append(fact: FactInput): Promise<number> {
    const input = checkFact(fact);
    return new Promise((settle) => {
      this.#waiting.push({ ...input, at: this.#clock.now(), settle });
      this.#callOff ??= this.#clock.after(GROUP_MS, () => this.flush());
    });
  }

  /** Appends at once, after whatever waits; with `also` in the same transaction. */
  appendNow(fact: FactInput, also?: (seq: number) => void): number {
    const input = checkFact(fact);
    let seq = 0;
    this.#waiting.push({ ...input, at: this.#clock.now(), settle: (given) => (seq = given) });
    this.#commit(also);
    return seq;
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#waiting.length > 0) this.#commit();
  }

  /** Oldest facts that are not acknowledged, after `afterSeq`, within both limits; one at least. */
  pending(afterSeq: number, countMax: number, bytesMax: number): Fact[] {
    const rows = this.#db
      .query<FactRow, [number, number]>("select * from facts where seq > ? order by seq limit ?")
      .all(afterSeq, countMax);
    const facts: Fact[] = [];
    let bytes = 0;
    for (const row of rows) {
      bytes += Buffer.byteLength(row.body) + 200;
      if (facts.length > 0 && bytes > bytesMax) break;
      facts.push(toFact(row));
    }
    return facts;
  }

  /** The town has stored everything up to `seq`. */
  ack(seq: number): void {
    if (seq <= this.ackedSeq) return;
    this.#db.transaction(() => {
      this.#db.query("delete from facts where seq <= ?").run(seq);
      this.#setMeta("acked_seq", String(seq));
      this.#db.query("delete from runs where state = 'ended' and exit_seq <= ?").run(seq);
    });
    this.#bytes =
      this.#db
        .query<{ bytes: number | null }, []>("select sum(length(body)) as bytes from facts")
        .get()?.bytes ?? 0;
  }

  /** Called after each commit of facts. Returns the way to stop. */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.#db.close();
  }

  #commit(also?: (seq: number) => void): void {
    this.#callOff?.();
    this.#callOff = null;
    const batch = this.#waiting;
    this.#waiting = [];
    const seqs = this.#db.transaction(() => {
      const given = batch.map((fact) => this.#write(fact));
      also?.(given.at(-1) ?? 0);
      return given;
    });
    batch.forEach((fact, index) => fact.settle(seqs[index] ?? 0));
    if (this.#bytes > this.#bytesMax) this.#shed();
    for (const listener of this.#listeners) listener();
  }

  #write({ runId, fence, at, body }: Waiting): number {
    const text = JSON.stringify(body);
    this.#bytes += Buffer.byteLength(text);
    const row = this.#insert.get(runId, fence.epoch, fence.n, at, body.kind, text);
    if (row === null) throw new Error("the spool gave no sequence");
    return row.seq;
  }

  /** Replaces the oldest event batches by short notices, in their places, until a tenth is free. */
  #shed(): void {
    const rows = this.#db
      .query<FactRow, []>(
        "select * from facts where kind = 'events' and length(body) > 400 order by seq",
      )
      .iterate();
    const smaller: { seq: number; body: string; saved: number }[] = [];
    let saved = 0;
    for (const row of rows) {
      if (this.#bytes - saved <= this.#bytesMax * 0.9) break;
      const body = JSON.stringify(shedNotice(toFact(row)));
      smaller.push({ seq: row.seq, body, saved: row.body.length - body.length });
      saved += row.body.length - body.length;
    }
    this.#db.transaction(() => {
      for (const { seq, body } of smaller)
        this.#db.query("update facts set body = ? where seq = ?").run(body, seq);
    });
    this.#bytes -= saved;
  }

  #meta(key: string): string | null {
    return (
      this.#db.query<{ value: string }, [string]>("select value from meta where key = ?").get(key)
        ?.value ?? null
    );
  }

  #setMeta(key: string, value: string): void {
    this.#db
      .query(
        "insert into meta (key, value) values (?, ?) on conflict (key) do update set value = excluded.value",
      )
      .run(key, value);
  }
}

/** Cut to a frame. Throws on what the town would refuse: on disk it would stop all that come after it. */
function checkFact(input: FactInput): FactInput {
  const body = fitFact(input.body);
  const parsed = factBodySchema.safeParse(body);
  if (!parsed.success)
    throw new Error(`a ${body.kind} fact does not fit the wire: ${parsed.error.message}`);
  return { ...input, body };
}

function toFact(row: FactRow): Fact {
  const body: FactBody = JSON.parse(row.body);
  return {
    seq: row.seq,
    runId: row.run_id,
    fence: { epoch: row.epoch, n: row.n },
    at: row.at,
    body,
  };
}
