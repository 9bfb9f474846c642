/** Totals of what was spent, and the limits that people set. */
import { and, eq, ne, sql } from "drizzle-orm";
import { nearEnd, usedUp, type Limit, type Spend } from "../../../model/budget.ts";
import { daySubject, readCost, readDay } from "../../limits/costs.ts";
import { given, prepared } from "../../prepared.ts";
import { issues } from "../../schema/beads.ts";
import { budgets, spend } from "../../schema/limits.ts";
import { runs } from "../../schema/runs.ts";
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

/** One metered call, on the account of its bead, its convoy and the day. Who shares an account that it brings to its end is looked at. */
export function addSpend(
  tx: Tx,
  { beadId, convoyId }: { beadId: string | null; convoyId: string | null },
  { microUsd, tokens }: Spend,
): void {
  const count = (subject: string) => add(tx.db).run({ subject, microUsd, tokens });
  if (beadId !== null) count(beadId);
  const day = standingOfDay(tx);
  count(daySubject(tx.now));
  if (standingOfDay(tx) !== day) touchLiveRuns(tx);
  if (convoyId === null) return;
  const convoy = standing(tx, convoyId);
  count(convoyId);
  if (standing(tx, convoyId) !== convoy) touchSpenders(tx, "convoy", convoyId);
}

type Standing = "used up" | "near its end" | null;

function standing(tx: Tx, subject: string): Standing {
  const cost = readCost(tx.db, subject);
  const account = { ...cost, limit: cost.own ?? { microUsd: null, tokens: null } };
  return usedUp(account) ? "used up" : nearEnd(account) ? "near its end" : null;
}

function standingOfDay(tx: Tx): Standing {
  const day = readDay(tx.db, tx.now, tx.policy);
  return usedUp(day) ? "used up" : nearEnd(day) ? "near its end" : null;
}

const liveRuns = prepared((db) =>
  db
    .select({ id: runs.id })
    .from(runs)
    .where(sql`${runs.state} <> 'ended'`)
    .prepare(),
);

export function touchLiveRuns(tx: Tx): void {
  for (const { id } of liveRuns(tx.db).all()) tx.touch("run", id);
}

/** What is spent on the account of a bead or convoy is looked at again. */
export function touchSpenders(tx: Tx, scope: "bead" | "convoy", id: string): void {
  const where = scope === "bead" ? eq(issues.beadId, id) : eq(issues.convoyId, id);
  for (const row of tx.db.select().from(issues).where(where).all()) {
    tx.touch("issue", row.beadId);
    if (row.reviewId) tx.touch("review", row.reviewId);
    const live = and(eq(runs.beadId, row.beadId), ne(runs.state, "ended"));
    for (const run of tx.db.select({ id: runs.id }).from(runs).where(live).all())
      tx.touch("run", run.id);
  }
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
