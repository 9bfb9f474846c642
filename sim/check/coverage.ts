/** What plays have seen at work: rules, rows of the outcome and delivery tables, faults. Each must have been. */
import { outcomeSchema } from "../../protocol/index.ts";
import { faults } from "../faults/registry.ts";

/** A run that is done has shown it; one that was refused never began. */
const NEVER = new Set(["outcome done before progress", "outcome rejected after progress"]);
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
      ...faults.map(({ name }) => faultItem(name)),
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

export function deliveryItem(delivery: string, codeReview: boolean): string {
  return `delivery ${delivery}, code review ${codeReview ? "on" : "off"}`;
}
