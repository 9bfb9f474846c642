/** Rules that fail again and again: counted per entity, and told to a person once. */
import type { Tx } from "../store/tx.ts";
import { escalate } from "../store/writes/escalations.ts";

const FAULTS_BEFORE_WORD = 3;

export class RuleFaults {
  readonly #counts = new Map<string, number>();

  /** The rule could decide and act on the entity: what was counted is forgotten. */
  passed(rule: string, key: string): void {
    this.#counts.delete(`${rule} ${key}`);
  }

  /** Counts a fault; the third in a row is escalated. */
  failed(tx: Tx, rule: string, key: string, error: unknown): void {
    const count = (this.#counts.get(`${rule} ${key}`) ?? 0) + 1;
    this.#counts.set(`${rule} ${key}`, count);
    if (count !== FAULTS_BEFORE_WORD) return;
    escalate(tx, {
      title: "A rule of the town keeps failing",
      body: `${rule} could not act on ${key}: ${String(error).slice(0, 500)}. It is tried again every few seconds; the log has the details.`,
      severity: "high",
      source: rule,
      subjectId: null,
      rigId: null,
    });
  }
}
