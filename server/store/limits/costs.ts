/** What runs, beads, convoys and days have cost, with what they may cost. */
import { eq } from "drizzle-orm";
import { dayOf, type Cost, type Limit } from "../../model/budget.ts";
import type { Policy } from "../../model/policy.ts";
import type { Db } from "../database.ts";
import { given, prepared } from "../prepared.ts";
import { budgets, spend } from "../schema/limits.ts";

const spendRow = prepared((db) =>
  db
    .select()
    .from(spend)
    .where(eq(spend.subject, given("id")))
    .prepare(),
);
const budgetRow = prepared((db) =>
  db
    .select({ microUsd: budgets.microUsd, tokens: budgets.tokens })
    .from(budgets)
    .where(eq(budgets.subject, given("id")))
    .prepare(),
);

/** What a bead or convoy has cost since a person last gave it a fresh allowance. */
export function readCost(db: Db, subject: string): Omit<Cost, "limit"> & { own: Limit | null } {
  const row = spendRow(db).get({ id: subject });
  return {
    microUsd: row ? row.microUsd - row.forgivenMicroUsd : 0,
    tokens: row ? row.tokens - row.forgivenTokens : 0,
    warned: row !== undefined && row.warnedAt !== null,
    own: budgetRow(db).get({ id: subject }) ?? null,
  };
}

export function readDay(db: Db, now: number, policy: Policy): Cost {
  const { own: _own, ...cost } = readCost(db, daySubject(now));
  return { ...cost, limit: { microUsd: policy.dayMicroUsdMax, tokens: policy.dayTokensMax } };
}

export function daySubject(at: number): string {
  return `day:${dayOf(at)}`;
}
