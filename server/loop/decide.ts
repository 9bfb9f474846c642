/** The deciding half of a tick: rounds of snapshot, plan and apply, until nothing that was touched is left to look at. */
import type { ImageKind } from "../../protocol/index.ts";
import type { Log } from "../core.ts";
import type { Policies } from "../store/limits/policies.ts";
import { TOWN } from "../reconcile/concerns.ts";
import { explain, type Explanation } from "../reconcile/explain.ts";
import { gateOf } from "../reconcile/gates.ts";
import { NEED } from "../reconcile/stages.ts";
import type { Plan } from "../reconcile/plan.ts";
import { reconcile } from "../reconcile/reconcile.ts";
import type { Snapshot } from "../reconcile/snapshot.ts";
import { prepareConcerned } from "../store/concerned.ts";
import type { Db } from "../store/database.ts";
import { prepareSnapshot, type Live, type Loaded } from "../store/load-snapshot.ts";
import type { Tx } from "../store/tx.ts";
import { prepareUnfinished } from "../store/unfinished.ts";
import { unqueue } from "../store/writes/ready.ts";
import { restartLadders } from "../store/writes/ladder.ts";
import { prepareTimers, type Timers } from "../store/writes/timers.ts";
import { Agenda, type Round } from "./agenda.ts";
import { applyStep } from "./apply-step.ts";
import { RuleFaults, type Fault } from "./rule-faults.ts";
import { isStorageFailure } from "./storage-refusal.ts";

/** Rounds that may share one commit; what is left then waits for the next tick. */
const ROUNDS_MAX = 32;
const RETRY_AFTER_FAULT_MS = 5_000;

export interface DeciderDeps {
  db: Db;
  policies: () => Policies;
  log: Log;
  live: () => Omit<Live, "now" | "policies">;
  savepoint: <T>(act: () => T) => T;
}

/** What was touched since it was last asked. */
export type TakeChanged = () => readonly { kind: ImageKind; id: string }[];

export interface Decided {
  /** Rules that were applied, in order. */
  rules: string[];
  /** Subjects are left for the next tick, at once. */
  pending: boolean;
  /** A sweep goes on with the next tick. */
  sweeping: boolean;
}

export class Decider {
  readonly #deps: DeciderDeps;
  readonly #snapshot;
  readonly #concerned;
  readonly #timers: Timers;
  readonly #agenda: Agenda;
  readonly #faults: RuleFaults;
  /** What was said last of each rig's gates: a change is told to all that wait behind it. */
  #gates = new Map<string, string>();
  /** The first pass over everything after a start or a gap in time may find work; later ones should not. */
  #passed = false;
  /** The town begins, or stood still: how long nothing moved is not known. */
  #begins = true;

  constructor(deps: DeciderDeps) {
    this.#deps = deps;
    this.#snapshot = prepareSnapshot(deps.db);
    this.#concerned = prepareConcerned(deps.db);
    this.#timers = prepareTimers(deps.db);
    this.#agenda = new Agenda(prepareUnfinished(deps.db));
    this.#faults = new RuleFaults(deps.db);
    this.#agenda.add(this.#faults.entities);
    this.lookAtAll();
  }

  /** What was known of time does not hold any more: as after a start. */
  startOver(): void {
    this.#passed = false;
    this.#begins = true;
    this.lookAtAll();
  }

  /** Everything unfinished is looked at, in slices: after a start, and some time after the town was at work. */
  lookAtAll(): void {
    this.#agenda.add([TOWN]);
    this.#agenda.sweepAll();
  }

  decide(tx: Tx, takeChanged: TakeChanged): Decided {
    const rules: string[] = [];
    if (this.#begins) restartLadders(tx);
    this.#begins = false;
    const due = this.#timers.due(tx.now);
    if (due.length > 0) this.#agenda.add([...due, TOWN]);
    let sliced = false;
    for (let round = 0; round < ROUNDS_MAX; round++) {
      this.#look(takeChanged());
      let next = this.#agenda.take(tx.now);
      if (next === null && !sliced) {
        next = this.#agenda.takeSlice();
        sliced = next !== null;
        if (next === null) this.#passed = true;
      }
      if (next === null) break;
      rules.push(...this.#round(tx, next));
    }
    this.#look(takeChanged());
    return { rules, pending: this.#agenda.pending, sweeping: this.#agenda.sweeping };
  }

  /** What a look at everything unfinished would do now, in slices; nothing is written. */
  preview(now: number): Plan {
    const { live, db } = this.#deps;
    const policies = this.#deps.policies();
    const agenda = new Agenda(prepareUnfinished(db));
    agenda.sweepAll();
    const plan: Plan = { steps: [], faults: [], timers: [] };
    for (let next = agenda.takeSlice(); next !== null; next = agenda.takeSlice()) {
      const snapshot = this.#snapshot({ ...live(), now, policies }, next.ids);
      const { steps, faults } = reconcile(snapshot);
      plan.steps.push(...steps);
      plan.faults.push(...faults);
      for (const { id, error } of snapshot.unreadable)
        plan.faults.push({ rule: "town/reconcile", key: id, error });
    }
    return plan;
  }

  /** Why a subject is where it is; null when it is settled. */
  explain(now: number, id: string): Explanation | null {
    const { live } = this.#deps;
    const policies = this.#deps.policies();
    return explain(this.#snapshot({ ...live(), now, policies }, [id, TOWN]), id);
  }

  /** The whole tick was undone: what it looked at is looked at again later, and may be found by the pass first. */
  undone(now: number): void {
    this.#passed = false;
    this.#agenda.addLater(TOWN, now + RETRY_AFTER_FAULT_MS);
    this.#agenda.sweepAll();
  }

  /** When the town must look again by itself, or null. Earlier than now: a timer that is due moved nothing. */
  nextAt(): number | null {
    const times = [this.#timers.next(), this.#agenda.nextAt()].filter((at) => at !== null);
    return times.length === 0 ? null : Math.min(...times);
  }

  #look(changed: readonly { kind: ImageKind; id: string }[]): void {
    if (changed.length === 0) return;
    const ids = new Set<string>();
    const rigs = new Set<string>();
    const once = new Map(changed.map((each) => [`${each.kind} ${each.id}`, each]));
    for (const { kind, id } of once.values()) this.#concerned(kind, id, ids, rigs);
    this.#agenda.add(ids);
    for (const rig of rigs) this.#agenda.sweepRig(rig);
  }

  #round(tx: Tx, { ids, pass }: Round): string[] {
    const { live, log } = this.#deps;
    let snapshot: Loaded;
    let plan: Plan;
    try {
      snapshot = this.#snapshot({ ...live(), now: tx.now, policies: this.#deps.policies() }, ids);
      plan = reconcile(snapshot);
    } catch (bug) {
      if (isStorageFailure(bug)) throw bug;
      // What commands and facts wrote stands; only the decision waits.
      this.#settleFaults(tx, new Set(), [{ rule: "town/reconcile", ids: [TOWN], error: bug }]);
      for (const id of ids) this.#agenda.addLater(id, tx.now + RETRY_AFTER_FAULT_MS);
      return [];
    }
    this.#watchGates(snapshot);
    const faults: Fault[] = plan.faults.map(({ rule, key, error }) => ({
      rule,
      ids: [key],
      error,
    }));
    for (const { id, error } of snapshot.unreadable) {
      faults.push({ rule: "town/reconcile", ids: [id], error });
      // Its place in the ready index is for those that can be started.
      unqueue(tx, id);
    }
    const rules = this.#apply(tx, plan, faults);
    this.#settleFaults(tx, snapshot.focus, faults);
    this.#timers.sync(snapshot.focus, plan.timers);
    if (pass && this.#passed && rules.length > 0)
      log.warn({ rules, keys: plan.steps.map(({ key }) => key) }, "the safety pass found work");
    return rules;
  }

  /** @param faults gets the steps that could not be applied */
  #apply(tx: Tx, plan: Plan, faults: Fault[]): string[] {
    const { log, savepoint } = this.#deps;
    const rules: string[] = [];
    for (const step of plan.steps) {
      const { rule, key } = step;
      try {
        const applied = applyStep(tx, step, savepoint);
        rules.push(rule);
        log.debug({ rule, key, stale: !applied }, "rule applied");
        if (!applied) this.#agenda.add([key]);
      } catch (bug) {
        if (isStorageFailure(bug)) throw bug;
        const ids = [...new Set([key, ...step.expect.map(({ id }) => id)])];
        faults.push({ rule, ids, error: bug });
      }
    }
    return rules;
  }

  #settleFaults(tx: Tx, focus: ReadonlySet<string>, faults: readonly Fault[]): void {
    for (const { rule, ids, error } of faults) {
      const fields = { rule, key: ids[0], err: errorText(error) };
      this.#deps.log.error(fields, "a rule failed and was undone");
      for (const id of ids) this.#agenda.addLater(id, tx.now + RETRY_AFTER_FAULT_MS);
    }
    this.#faults.looked(tx, focus, faults);
  }

  #watchGates(s: Snapshot): void {
    const gates = new Map<string, string>();
    for (const rig of s.rigs) {
      const said = JSON.stringify(
        [NEED.work, NEED.review, NEED.check, NEED.merge].map((need) => gateOf(rig, need, s)),
      );
      gates.set(rig.id, said);
      const before = this.#gates.get(rig.id);
      if (before !== undefined && before !== said) this.#agenda.sweepRig(rig.id);
    }
    this.#gates = gates;
  }
}

export function errorText(bug: unknown): string {
  return bug instanceof Error ? (bug.stack ?? bug.message) : String(bug);
}
