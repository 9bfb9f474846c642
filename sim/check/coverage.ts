/** What plays have seen at work: rules, rows of tables, faults, moments of a crash. Each must have been. */
import { outcomeSchema } from "../../protocol/index.ts";
import { runnerCrashPoints, townCrashPoints } from "../faults/crash-points.ts";
import { faults } from "../faults/registry.ts";
import { rowItems } from "./machines.ts";
import { shownRowItems } from "./shown-rows.ts";

/** A run that is done has shown it; one that was refused never began. */
const NEVER = new Set(["outcome done before progress", "outcome rejected after progress"]);
const DELIVERIES = ["none", "branch", "merge"];
/** How a bead lands: alone, as one of a convoy, or as the landing of a convoy. */
const WAYS = ["alone", "of a convoy", "on a convoy's branch", "landing a convoy"] as const;
export type Way = (typeof WAYS)[number];

export class Coverage {
  readonly #seen = new Map<string, number>();
  readonly #wanted: readonly string[];

  /** `rules`: ids of every rule of the town. */
  constructor(rules: readonly string[]) {
    this.#wanted = [
      ...rules.map(ruleItem),
      ...outcomeSchema.options.flatMap((outcome) => [
        outcomeItem(outcome, false),
        outcomeItem(outcome, true),
      ]),
      ...DELIVERIES.flatMap((delivery) =>
        WAYS.flatMap((way) => [
          deliveryItem(delivery, way, true),
          deliveryItem(delivery, way, false),
        ]),
      ),
      ...rowItems(),
      ...shownRowItems(),
      ...faults.map(({ name }) => faultItem(name)),
      ...townCrashPoints.map((moment) => crashItem(`town ${moment}`)),
      ...runnerCrashPoints.map((moment) => crashItem(`runner ${moment}`)),
    ].filter((item) => !NEVER.has(item));
  }

  add(seen: ReadonlyMap<string, number>): void {
    for (const [item, count] of seen) this.#seen.set(item, (this.#seen.get(item) ?? 0) + count);
  }

  lines(): string[] {
    return this.#wanted.map((item) => `${String(this.#seen.get(item) ?? 0).padStart(8)}  ${item}`);
  }

  missing(): string[] {
    return this.#wanted.filter((item) => !this.#seen.has(item));
  }
}

export function ruleItem(id: string): string {
  return `rule ${id}`;
}

export function faultItem(name: string): string {
  return `fault ${name}`;
}

export function outcomeItem(outcome: string, progressed: boolean): string {
  return `outcome ${outcome} ${progressed ? "after" : "before"} progress`;
}

/** Where a town or a runner was killed, or lost its power. */
export function crashItem(moment: string): string {
  return `crash ${moment}`;
}

export function deliveryItem(delivery: string, way: Way, codeReview: boolean): string {
  return `delivery ${delivery} ${way}, code review ${codeReview ? "on" : "off"}`;
}
