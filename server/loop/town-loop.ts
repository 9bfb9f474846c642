/**
 * The heartbeat of the town: one synchronous write transaction per tick. Commands wait in memory,
 * are applied under their own savepoints, and are answered after the commit; facts are drained, the
 * plan is made and applied, and what was touched goes into the change feed.
 */
import type { AnyImage, ImageKind, Result } from "../../protocol/index.ts";
import type { Clock, FeedChange, Log, Scheduler } from "../core.ts";
import type { Policies } from "../store/limits/policies.ts";
import type { Db, RawDatabase } from "../store/database.ts";
import type { NewId } from "../store/id-source.ts";
import { readableImage, type ImageContext } from "../store/images/images.ts";
import type { Explanation } from "../reconcile/explain.ts";
import type { Plan } from "../reconcile/plan.ts";
import type { Live } from "../store/load-snapshot.ts";
import { topicsOf } from "../store/images/topics.ts";
import type { Tx } from "../store/tx.ts";
import { appendChanges, compactFeed, lastChangeAt } from "../store/writes/feed.ts";
import { followClock } from "../store/writes/limits/clock-set.ts";
import { moveDeadlines } from "../store/writes/limits/pauses.ts";
import { ClockWatch } from "./clock-watch.ts";
import { Decider, errorText } from "./decide.ts";
import { drainInbox } from "./drain-inbox.ts";
import { isStorageFailure } from "./storage-refusal.ts";

/** Ticks in a row without a pause before the loop stops to look at itself. */
const TICKS_IN_A_ROW_MAX = 200;
const RESTLESS_PAUSE_MS = 5_000;
/** A timer that is due and moved nothing is looked at again after this. */
const OVERDUE_MS = 1_000;
const COMPACT_EVERY_MS = 600_000;
/** From the end of activity to the pass over everything unfinished. */
const PASS_AFTER_MS = 30_000;
/** setTimeout counts in 32 bits. */
const SLEEP_MAX_MS = 2_000_000_000;

interface Waiting {
  label: string;
  apply(tx: Tx): Result<unknown>;
  settle(result: Result<unknown>): void;
  fail(bug: unknown): void;
}

export interface LoopDeps {
  raw: RawDatabase;
  db: Db;
  clock: Clock;
  scheduler: Scheduler;
  newId: NewId;
  policies: () => Policies;
  log: Log;
  townId: string;
  epoch: number;
  live: () => Omit<Live, "now" | "policies">;
  images: () => ImageContext;
  /** The host or this process stood still. */
  onGap(): void;
}

export class TownLoop {
  readonly #deps: LoopDeps;
  readonly #decider: Decider;
  #waiting: Waiting[] = [];
  #scheduled = false;
  #cancelTimer: (() => void) | null = null;
  #stopped = false;
  #inARow = 0;
  #compactedAt = 0;
  /** When everything unfinished is looked at again; null when nothing happened since the last time. */
  #passAt: number | null = null;
  readonly #watch: ClockWatch;
  #wokeByTimer = false;
  /** Time that nobody was awake, until it is written down. */
  #gapMs = 0;
  /** Time since the town last wrote anything, at its start, until it is written down. */
  #downMs: number;
  #listeners = new Set<(epoch: number, changes: readonly FeedChange[]) => void>();
  #afterTick = new Set<() => void>();

  constructor(deps: LoopDeps) {
    this.#deps = deps;
    this.#decider = new Decider({ ...deps, savepoint: this.#savepoint });
    this.#watch = new ClockWatch(deps.clock);
    this.#downMs = deps.clock.now() - (lastChangeAt(deps.db) ?? deps.clock.now());
  }

  /**
   * Applies a write at the next tick under its own savepoint: a refusal undoes it and leaves its
   * neighbours alone. Resolves after the commit; rejects only on a bug in `apply`.
   */
  submit<T>(label: string, apply: (tx: Tx) => Result<T>): Promise<Result<T>> {
    if (this.#stopped) return Promise.reject(new Error("the town is stopping"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        label,
        apply,
        settle: resolve as (result: Result<unknown>) => void,
        fail: reject,
      });
      this.wake();
    });
  }

  wake(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.#watch.waking();
    this.#deps.scheduler.soon(() => this.#tick());
  }

  onChanges(listener: (epoch: number, changes: readonly FeedChange[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What the rules would do now if everything unfinished were looked at; at rest that is nothing. */
  preview(): Plan {
    return this.#decider.preview(this.#deps.clock.now());
  }

  /** Why a bead, review, convoy or run is where it is; null when it is settled. */
  explain(id: string): Explanation | null {
    return this.#decider.explain(this.#deps.clock.now(), id);
  }

  /** Called after every commit, whether or not anything changed. */
  onTick(listener: () => void): void {
    this.#afterTick.add(listener);
  }

  stop(): void {
    this.#stopped = true;
    for (const each of this.#waiting.splice(0)) each.fail(new Error("the town is stopping"));
  }

  #tick(): void {
    this.#scheduled = false;
    if (this.#stopped) return;
    this.#cancelTimer?.();
    const gapMs = this.#watch.gapMs(this.#wokeByTimer);
    if (gapMs !== 0) {
      this.#gapMs += gapMs;
      this.#deps.onGap();
      this.#decider.startOver();
    }
    this.#wokeByTimer = false;
    const batch = this.#waiting.splice(0);
    const settled: (() => void)[] = [];
    const outcome = this.#transaction(batch, settled);
    for (const settle of settled) settle();
    if (outcome.changes.length > 0) {
      for (const listener of this.#listeners)
        this.#tell(() => listener(this.#deps.epoch, outcome.changes));
    }
    for (const listener of this.#afterTick) this.#tell(listener);
    this.#schedule(outcome);
  }

  /** A listener's bug must not stop the loop. */
  #tell(listener: () => void): void {
    try {
      listener();
    } catch (bug) {
      this.#deps.log.error({ err: errorText(bug) }, "a listener of the loop threw");
    }
  }

  #schedule({ more, sweeping, busy, rules }: Ticked): void {
    const { clock, log, scheduler } = this.#deps;
    if (busy) this.#passAt = clock.now() + PASS_AFTER_MS;
    if (this.#waiting.length > 0) return this.wake();
    if (more && ++this.#inARow < TICKS_IN_A_ROW_MAX) return this.wake();
    if (more) log.error({ ticks: this.#inARow, rules }, "the loop does not come to rest");
    this.#inARow = 0;
    if (sweeping && !more) return this.wake();
    const sleepMs = more ? RESTLESS_PAUSE_MS : this.#sleepMs();
    if (sleepMs === null) return;
    this.#watch.sleeping(sleepMs);
    this.#cancelTimer = scheduler.after(sleepMs, () => {
      this.#wokeByTimer = true;
      this.wake();
    });
  }

  /** How long nothing is to be done, or null when only a command or a fact can change anything. */
  #sleepMs(): number | null {
    const times = [this.#decider.nextAt(), this.#passAt].filter((at) => at !== null);
    if (times.length === 0) return null;
    const leftMs = Math.min(...times) - this.#deps.clock.now();
    return Math.min(leftMs > 0 ? leftMs : OVERDUE_MS, SLEEP_MAX_MS);
  }

  #transaction(batch: readonly Waiting[], settled: (() => void)[]): Ticked {
    const { raw, log, clock } = this.#deps;
    const touched: Touched = { images: new Map(), made: new Map(), changed: [] };
    try {
      const tx = this.#newTx(touched);
      raw.query("BEGIN IMMEDIATE").run();
      if (this.#gapMs !== 0) followClock(tx, this.#gapMs);
      // The town was down, or its clock was set meanwhile: runners keep wall times by themselves.
      if (this.#downMs !== 0) moveDeadlines(tx, this.#downMs);
      for (const each of batch) this.#applyOne(tx, touched, each, settled);
      const drained = drainInbox(tx, this.#savepoint, log);
      if (this.#passAt !== null && this.#passAt <= tx.now) {
        this.#passAt = null;
        this.#decider.lookAtAll();
      }
      const { rules, pending, sweeping } = this.#decider.decide(tx, () =>
        touched.changed.splice(0),
      );
      const busy = batch.length > 0 || rules.length > 0 || drained.more;
      const changes = this.#feed(tx, touched.images);
      raw.query("COMMIT").run();
      this.#gapMs = 0;
      this.#downMs = 0;
      return { changes, rules, busy, sweeping, more: pending || drained.more };
    } catch (bug) {
      // A full disk may have ended the transaction already.
      if (raw.inTransaction) raw.query("ROLLBACK").run();
      log.error({ err: errorText(bug) }, "a tick failed and was undone");
      this.#decider.undone(clock.now());
      settled.length = 0;
      for (const each of batch) settled.push(() => each.fail(bug));
      return { changes: [], rules: [], busy: true, sweeping: false, more: false };
    }
  }

  #newTx(touched: Touched): Tx {
    const { db, clock, epoch, newId } = this.#deps;
    const policies = this.#deps.policies();
    return {
      db,
      now: clock.now(),
      epoch,
      policy: policies.town,
      policies,
      newId,
      actor: "town",
      rule: null,
      images: touched.made,
      touch(kind, id) {
        touched.made.delete(`${kind} ${id}`);
        touched.images.set(`${kind} ${id}`, { kind, id });
        touched.changed.push({ kind, id });
      },
    };
  }

  #applyOne(tx: Tx, { images, made }: Touched, each: Waiting, settled: (() => void)[]): void {
    const before = images.size;
    const undo = () => {
      this.#deps.raw.query("ROLLBACK TO one").run();
      made.clear();
      // In the order in which they were first touched: what comes after was touched by this one only.
      for (const key of [...images.keys()].slice(before)) images.delete(key);
    };
    this.#deps.raw.query("SAVEPOINT one").run();
    try {
      const result = each.apply(tx);
      if (!result.ok) undo();
      settled.push(() => each.settle(result));
    } catch (bug) {
      if (isStorageFailure(bug)) throw bug;
      undo();
      settled.push(() => each.fail(bug));
    }
    this.#deps.raw.query("RELEASE one").run();
    tx.actor = "town";
    tx.rule = null;
  }

  #savepoint = <T>(fn: () => T): T => {
    const { raw } = this.#deps;
    raw.query("SAVEPOINT step").run();
    try {
      return fn();
    } catch (bug) {
      if (raw.inTransaction) raw.query("ROLLBACK TO step").run();
      throw bug;
    } finally {
      if (raw.inTransaction) raw.query("RELEASE step").run();
    }
  };

  #feed(tx: Tx, touched: ReadonlyMap<string, { kind: ImageKind; id: string }>): FeedChange[] {
    const { db, townId, images } = this.#deps;
    if (tx.now - this.#compactedAt > COMPACT_EVERY_MS) {
      this.#compactedAt = tx.now;
      compactFeed(tx, tx.policy.changesKeptMs);
    }
    if (touched.size === 0) return [];
    const context = images();
    const list = [...touched].flatMap(([key, { kind, id }]): AnyImage[] => {
      const made = tx.images.get(key);
      if (made !== undefined) return [{ kind, id, value: made } as AnyImage];
      const image: AnyImage | null = readableImage(db, kind, id, context);
      return image === null ? [] : [image];
    });
    const version = appendChanges(tx, townId, list);
    return list.map((image) => ({ version, topics: topicsOf(db, image), image }));
  }
}

interface Touched {
  images: Map<string, { kind: ImageKind; id: string }>;
  made: Map<string, object | null>;
  /** In order, those of undone writes included: looking once too often does no harm. */
  changed: { kind: ImageKind; id: string }[];
}

interface Ticked {
  changes: FeedChange[];
  rules: string[];
  /** A command, a fact or a rule changed something, or may have. */
  busy: boolean;
  /** Something is left to look at: at once. */
  more: boolean;
  sweeping: boolean;
}
