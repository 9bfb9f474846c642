/** What plays have seen at work: rules, rows of the outcome and delivery tables, faults. Each must have been. */
import { outcomeSchema } from "../../protocol/index.ts";
import { faults } from "../faults/registry.ts";
import { rowItems } from "./machines.ts";

/** A run that is done has shown it; one that was refused never began. */
const NEVER = new Set(["outcome done before progress", "outcome rejected after progress"]);
/** Moments that a process must have died at: around commits, effects, syncs of the spool, and calls of its ports. */
const CRASH_POINTS = [
  ...["before commit", "after commit"].flatMap((moment) => [`town ${moment}`, `runner ${moment}`]),
  ...["offer", "stop", "turn", "mail"].flatMap((effect) => [
    `town before send ${effect}`,
    `town after send ${effect}`,
  ]),
  ...["facts", "hello", "heartbeat", "tool"].flatMap((frame) => [
    `runner before ask ${frame}`,
    `runner after ask ${frame}`,
  ]),
  ...["offer", "stop", "turn", "mail"].flatMap((frame) => [
    `runner before take ${frame}`,
    `runner after take ${frame}`,
  ]),
  ...["works.refs.push", "commands.run"].flatMap((call) => [
    `runner before ${call}`,
    `runner within ${call}`,
    `runner after ${call}`,
  ]),
];
const DELIVERIES = ["none", "branch", "merge"];

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
      ...DELIVERIES.flatMap((delivery) => [
        deliveryItem(delivery, true),
        deliveryItem(delivery, false),
      ]),
      ...rowItems(),
      ...faults.map(({ name }) => faultItem(name)),
      ...CRASH_POINTS.map(crashItem),
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

export function deliveryItem(delivery: string, codeReview: boolean): string {
  return `delivery ${delivery}, code review ${codeReview ? "on" : "off"}`;
}
