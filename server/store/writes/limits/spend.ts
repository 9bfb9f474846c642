/** Totals of what was spent, and the limits that people set. */
import { eq, sql } from "drizzle-orm";
import type { Limit, Spend } from "../../../model/budget.ts";
import { daySubject } from "../../limits/costs.ts";
import { given, prepared } from "../../prepared.ts";
import { budgets, spend } from "../../schema/limits.ts";
import type { Tx } from "../../tx.ts";

const add = prepared((db) =>
  db
    .insert(spend)
    .values({ subject: given("subject"), microUsd: given("microUsd"), tokens: given("tokens") })
    .onConflictDoUpdate({
      target: spend.subject,
      set: {
        microUsd: sql`${spend.microUsd} + excluded.micro_usd`,
        tokens: sql`${spend.tokens} + excluded.tokens`,
      },
    })
    .prepare(),
);

/** One metered call, on the account of its bead, its convoy and the day. */
export function addSpend(
  tx: Tx,
  subjects: readonly (string | null)[],
  { microUsd, tokens }: Spend,
) {
  for (const subject of [...subjects, daySubject(tx.now)])
    if (subject !== null) add(tx.db).run({ subject, microUsd, tokens });
}

export function markWarned(tx: Tx, subject: string): void {
  tx.db.update(spend).set({ warnedAt: tx.now }).where(eq(spend.subject, subject)).run();
}

/** A person gives a fresh allowance on top of what was spent. */
export function forgiveSpend(tx: Tx, subject: string): void {
  tx.db
    .update(spend)
    .set({
      forgivenMicroUsd: sql`${spend.microUsd}`,
      forgivenTokens: sql`${spend.tokens}`,
      warnedAt: null,
    })
    .where(eq(spend.subject, subject))
    .run();
}

/** A new limit is warned of anew. */
export function putBudget(tx: Tx, subject: string, limit: Limit): void {
  tx.db
    .insert(budgets)
    .values({ subject, ...limit })
    .onConflictDoUpdate({ target: budgets.subject, set: limit })
    .run();
  unwarn(tx, subject);
}

export function unwarn(tx: Tx, subject: string): void {
  tx.db.update(spend).set({ warnedAt: null }).where(eq(spend.subject, subject)).run();
}
