/**
 * The heartbeat of the town: one synchronous write transaction per tick. Commands wait in memory,
 * are applied under their own savepoints, and are answered after the commit; facts are drained, the
 * plan is made and applied, and what was touched goes into the change feed.
 */
import type { Database } from "bun:sqlite";
import type { AnyImage, ImageKind, Result } from "../../protocol/index.ts";
import type { Clock, FeedChange, Log } from "../core.ts";
import type { Policy } from "../model/policy.ts";
import { reconcile } from "../reconcile/reconcile.ts";
import type { Db } from "../store/database.ts";
import type { NewId } from "../store/id-source.ts";
import { imageOf, type ImageContext } from "../store/images.ts";
import { prepareSnapshot, type Live } from "../store/load-snapshot.ts";
import { topicsOf } from "../store/topics.ts";
import type { Tx } from "../store/tx.ts";
import { appendChanges, compactFeed } from "../store/writes/feed.ts";
import { syncTimers } from "../store/writes/timers.ts";
import { applyPlan } from "./apply-plan.ts";
import { drainInbox } from "./drain-inbox.ts";

/** Ticks in a row without a pause before the loop stops to look at itself. */
const TICKS_IN_A_ROW_MAX = 200;
const RETRY_AFTER_FAULT_MS = 5_000;
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
  raw: Database;
  db: Db;
  clock: Clock;
  newId: NewId;
  policy: Policy;
  log: Log;
  townId: string;
  epoch: number;
  live(): Omit<Live, "now" | "policy">;
  images(): ImageContext;
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
  #listeners = new Set<(epoch: number, changes: readonly FeedChange[]) => void>();
  #afterTick = new Set<() => void>();

  constructor(deps: LoopDeps) {
    this.#deps = deps;
    this.#loadSnapshot = prepareSnapshot(deps.db);
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
    const batch = this.#waiting.splice(0);
    const settled: (() => void)[] = [];
    const outcome = this.#transaction(batch, settled);
    for (const settle of settled) settle();
    if (outcome.changes.length > 0) {
      for (const listener of this.#listeners) listener(this.#deps.epoch, outcome.changes);
    }
    for (const listener of this.#afterTick) listener();
    this.#schedule(outcome);
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
    const now = this.#deps.clock.now();
    const fault = outcome.fault || outcome.moved ? RETRY_AFTER_FAULT_MS : SLEEP_MAX_MS;
    const due = outcome.dueAt === null ? SLEEP_MAX_MS : Math.max(0, outcome.dueAt - now);
    const sleepMs = Math.min(fault, due, SLEEP_MAX_MS);
    if (sleepMs < SLEEP_MAX_MS) this.#timer = setTimeout(() => this.wake(), sleepMs);
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
      log.error(
        { err: String(bug), stack: bug instanceof Error ? bug.stack : undefined },
        "a tick failed and was undone",
      );
      settled.length = 0;
      for (const each of batch) settled.push(() => each.fail(bug));
      return { changes: [], dueAt: null, moved: false, fault: true, rules: [] };
    }
  }

  #newTx(touched: Map<string, { kind: ImageKind; id: string }>): Tx {
    const { db, clock, epoch, policy, newId } = this.#deps;
    const touch = (kind: ImageKind, id: string) => void touched.set(`${kind} ${id}`, { kind, id });
    return {
      db,
      now: clock.now(),
      epoch,
      policy,
      newId,
      actor: "town",
      rule: null,
      touch,
      touchGone: touch,
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
    const { log, live, policy } = this.#deps;
    const drained = drainInbox(tx, this.#savepoint, log);
    let fault = false;
    let moved = drained.more;
    let plan;
    try {
      plan = reconcile(this.#loadSnapshot({ ...live(), now: tx.now, policy }));
    } catch (bug) {
      log.error(
        { err: String(bug), stack: bug instanceof Error ? bug.stack : undefined },
        "the reconciler threw",
      );
      return { dueAt: null, moved: false, fault: true, rules: [] };
    }
    const rules: string[] = [];
    for (const step of plan.steps) {
      try {
        const [applied] = applyPlan(tx, { steps: [step], timers: [] }, this.#savepoint);
        moved = true;
        rules.push(step.rule);
        log.debug({ rule: step.rule, key: step.key, stale: applied?.stale }, "rule applied");
      } catch (bug) {
        fault = true;
        log.error(
          { rule: step.rule, key: step.key, err: String(bug) },
          "a rule could not be applied and was undone",
        );
      }
    }
    return { dueAt: syncTimers(tx, plan.timers), moved, fault, rules };
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
