/**
 * The heartbeat of the town: one synchronous write transaction per tick. Commands wait in memory,
 * are applied under their own savepoints, and are answered after the commit; facts are drained, the
 * plan is made and applied, and what was touched goes into the change feed.
 */
import type { AnyImage, ImageKind, Result } from "../../protocol/index.ts";
import type { Clock, FeedChange, Log } from "../core.ts";
import type { Policy } from "../model/policy.ts";
import type { Plan } from "../reconcile/plan.ts";
import { reconcile } from "../reconcile/reconcile.ts";
import type { Db, RawDatabase } from "../store/database.ts";
import type { NewId } from "../store/id-source.ts";
import { imageOf, type ImageContext } from "../store/images.ts";
import { prepareSnapshot, type Live } from "../store/load-snapshot.ts";
import { topicsOf } from "../store/topics.ts";
import type { Tx } from "../store/tx.ts";
import { appendChanges, compactFeed } from "../store/writes/feed.ts";
import { syncTimers } from "../store/writes/timers.ts";
import { applyStep } from "./apply-step.ts";
import { ClockWatch } from "./clock-watch.ts";
import { drainInbox } from "./drain-inbox.ts";
import { RuleFaults } from "./rule-faults.ts";

/** Ticks in a row without a pause before the loop stops to look at itself. */
const TICKS_IN_A_ROW_MAX = 200;
const RETRY_AFTER_FAULT_MS = 5_000;
/** A timer that is due and moved nothing is looked at again after this. */
const OVERDUE_MS = 1_000;
const COMPACT_EVERY_MS = 600_000;
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
  newId: NewId;
  policy: Policy;
  log: Log;
  townId: string;
  epoch: number;
  live(): Omit<Live, "now" | "policy">;
  images: () => ImageContext;
  /** The host or this process stood still. */
  onGap(): void;
}

export class TownLoop {
  readonly #deps: LoopDeps;
  readonly #loadSnapshot;
  #waiting: Waiting[] = [];
  #scheduled = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #stopped = false;
  #inARow = 0;
  #compactedAt = 0;
  readonly #faults = new RuleFaults();
  readonly #watch: ClockWatch;
  #wokeByTimer = false;
  #listeners = new Set<(epoch: number, changes: readonly FeedChange[]) => void>();
  #afterTick = new Set<() => void>();

  constructor(deps: LoopDeps) {
    this.#deps = deps;
    this.#loadSnapshot = prepareSnapshot(deps.db);
    this.#watch = new ClockWatch(deps.clock);
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
    setImmediate(() => this.#tick());
  }

  onChanges(listener: (epoch: number, changes: readonly FeedChange[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called after every commit, whether or not anything changed. */
  onTick(listener: () => void): void {
    this.#afterTick.add(listener);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    for (const each of this.#waiting.splice(0)) each.fail(new Error("the town is stopping"));
  }

  #tick(): void {
    this.#scheduled = false;
    if (this.#stopped) return;
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#watch.gap(this.#wokeByTimer)) this.#deps.onGap();
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

  #schedule(outcome: Ticked): void {
    if (this.#waiting.length > 0) return this.wake();
    if (outcome.moved && !outcome.fault) {
      this.#inARow += 1;
      if (this.#inARow < TICKS_IN_A_ROW_MAX) return this.wake();
      this.#deps.log.error(
        { ticks: this.#inARow, rules: outcome.rules },
        "the loop does not come to rest",
      );
    }
    this.#inARow = 0;
    const sleepMs = this.#sleepMs(outcome);
    if (sleepMs === null) return;
    this.#watch.sleeping(sleepMs);
    this.#timer = setTimeout(() => {
      this.#wokeByTimer = true;
      this.wake();
    }, sleepMs);
  }

  /** How long nothing is to be done, or null when only a command or a fact can change anything. */
  #sleepMs({ fault, moved, dueAt }: Ticked): number | null {
    // A rule that failed would fail again at once: a timer that is due does not shorten this.
    if (fault || moved) return RETRY_AFTER_FAULT_MS;
    if (dueAt === null) return null;
    const leftMs = dueAt - this.#deps.clock.now();
    return Math.min(leftMs > 0 ? leftMs : OVERDUE_MS, SLEEP_MAX_MS);
  }

  #transaction(batch: readonly Waiting[], settled: (() => void)[]): Ticked {
    const { raw, log } = this.#deps;
    const touched = new Map<string, { kind: ImageKind; id: string }>();
    const tx = this.#newTx(touched);
    raw.run("BEGIN IMMEDIATE");
    try {
      for (const each of batch) this.#applyOne(tx, touched, each, settled);
      const ticked = this.#decide(tx);
      const changes = this.#feed(tx, touched);
      raw.run("COMMIT");
      return { ...ticked, changes };
    } catch (bug) {
      raw.run("ROLLBACK");
      log.error({ err: errorText(bug) }, "a tick failed and was undone");
      settled.length = 0;
      for (const each of batch) settled.push(() => each.fail(bug));
      return { changes: [], dueAt: null, moved: false, fault: true, rules: [] };
    }
  }

  #newTx(touched: Map<string, { kind: ImageKind; id: string }>): Tx {
    const { db, clock, epoch, policy, newId } = this.#deps;
    return {
      db,
      now: clock.now(),
      epoch,
      policy,
      newId,
      actor: "town",
      rule: null,
      touch: (kind, id) => void touched.set(`${kind} ${id}`, { kind, id }),
    };
  }

  #applyOne(
    tx: Tx,
    touched: Map<string, { kind: ImageKind; id: string }>,
    each: Waiting,
    settled: (() => void)[],
  ): void {
    const before = new Map(touched);
    const undo = () => {
      this.#deps.raw.run("ROLLBACK TO one");
      touched.clear();
      for (const [key, value] of before) touched.set(key, value);
    };
    this.#deps.raw.run("SAVEPOINT one");
    try {
      const result = each.apply(tx);
      if (!result.ok) undo();
      settled.push(() => each.settle(result));
    } catch (bug) {
      undo();
      settled.push(() => each.fail(bug));
    }
    this.#deps.raw.run("RELEASE one");
    tx.actor = "town";
    tx.rule = null;
  }

  #savepoint = <T>(fn: () => T): T => {
    const { raw } = this.#deps;
    raw.run("SAVEPOINT step");
    try {
      return fn();
    } catch (bug) {
      raw.run("ROLLBACK TO step");
      throw bug;
    } finally {
      raw.run("RELEASE step");
    }
  };

  #decide(tx: Tx): Omit<Ticked, "changes"> {
    const { log, policy } = this.#deps;
    const drained = drainInbox(tx, this.#savepoint, log);
    let plan: Plan;
    try {
      plan = reconcile(this.#loadSnapshot({ ...this.#deps.live(), now: tx.now, policy }));
    } catch (bug) {
      // What commands and facts wrote stands; only the decision waits.
      this.#failed(tx, "town/reconcile", "town", bug);
      return { dueAt: null, moved: false, fault: true, rules: [] };
    }
    const rules: string[] = [];
    for (const { rule, key, error } of plan.faults) this.#failed(tx, rule, key, error);
    let fault = plan.faults.length > 0;
    for (const step of plan.steps) {
      const { rule, key } = step;
      try {
        const applied = applyStep(tx, step, this.#savepoint);
        this.#faults.passed(rule, key);
        rules.push(rule);
        log.debug({ rule, key, stale: !applied }, "rule applied");
      } catch (bug) {
        fault = true;
        this.#failed(tx, rule, key, bug);
      }
    }
    return {
      dueAt: syncTimers(tx, plan.timers),
      moved: drained.more || rules.length > 0,
      fault,
      rules,
    };
  }

  #failed(tx: Tx, rule: string, key: string, bug: unknown): void {
    this.#deps.log.error({ rule, key, err: errorText(bug) }, "a rule failed and was undone");
    this.#faults.failed(tx, rule, key, bug);
  }

  #feed(tx: Tx, touched: ReadonlyMap<string, { kind: ImageKind; id: string }>): FeedChange[] {
    const { db, townId, images, policy } = this.#deps;
    if (tx.now - this.#compactedAt > COMPACT_EVERY_MS) {
      this.#compactedAt = tx.now;
      compactFeed(tx, policy.changesKeptMs);
    }
    if (touched.size === 0) return [];
    const context = images();
    const list: AnyImage[] = [...touched.values()].map(({ kind, id }) =>
      imageOf(db, kind, id, context),
    );
    const version = appendChanges(tx, townId, list);
    return list.map((image) => ({ version, topics: topicsOf(db, image), image }));
  }
}

interface Ticked {
  changes: FeedChange[];
  dueAt: number | null;
  /** A rule was applied: look again at once. */
  moved: boolean;
  fault: boolean;
  rules: string[];
}

function errorText(bug: unknown): string {
  return bug instanceof Error ? (bug.stack ?? bug.message) : String(bug);
}
