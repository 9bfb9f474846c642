/** Rules that fail again and again: counted per entity, told to a person once, and taken back when they work again. */
import { and, isNull, like } from "drizzle-orm";
import type { Db } from "../store/database.ts";
import { kindOfId } from "../store/id-kind.ts";
import { escalations } from "../store/schema/attention.ts";
import type { Tx } from "../store/tx.ts";
import { escalate, resolveByKey } from "../store/writes/escalations.ts";

const FAULTS_BEFORE_WORD = 3;
const PREFIX = "fault ";

/** A rule failed on these entities; the first is the one that its step is about. */
export interface Fault {
  rule: string;
  ids: readonly string[];
  error: unknown;
}

interface Faulty {
  ids: readonly string[];
  count: number;
}

export class RuleFaults {
  /** By the key under which a person is, or will be, told. */
  readonly #faulty = new Map<string, Faulty>();

  /** Reads what was told before the start. */
  constructor(db: Db) {
    const open = db
      .select({ key: escalations.key })
      .from(escalations)
      .where(and(like(escalations.key, `${PREFIX}%`), isNull(escalations.resolvedAt)))
      .all();
    for (const { key } of open)
      this.#faulty.set(key, { ids: [key.split(" ").at(-1) ?? ""], count: FAULTS_BEFORE_WORD });
  }

  /** Entities with faults: they are looked at again, so that the word can be taken back. */
  get entities(): string[] {
    return [...this.#faulty.values()].flatMap(({ ids }) => ids);
  }

  /** Counts a round's faults, the third in a row is escalated; what was looked at without one is over. */
  looked(tx: Tx, focus: ReadonlySet<string>, faults: readonly Fault[]): void {
    const now = new Set(faults.map((fault) => this.#failed(tx, fault)));
    for (const [key, { ids }] of this.#faulty) {
      if (now.has(key) || !ids.every((id) => focus.has(id))) continue;
      resolveByKey(tx, key, "the rule works on it again");
      this.#faulty.delete(key);
    }
  }

  #failed(tx: Tx, { rule, ids, error }: Fault): string {
    const entity = ids[0] ?? "";
    const key = `${PREFIX}${rule} ${entity}`;
    const count = (this.#faulty.get(key)?.count ?? 0) + 1;
    this.#faulty.set(key, { ids, count });
    if (count !== FAULTS_BEFORE_WORD) return key;
    escalate(tx, {
      title: "A rule of the town keeps failing",
      body: `${rule} could not act on ${entity}: ${String(error).slice(0, 500)}. It is tried again every few seconds; the log has the details.`,
      severity: "high",
      source: rule,
      subjectId: kindOfId(entity) === null ? null : entity,
      rigId: null,
      holdsWhile: null,
      key,
    });
    return key;
  }
}
