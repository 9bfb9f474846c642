/** Settings and limits of spending, as they are shown. */
import { eq } from "drizzle-orm";
import type { Budget, Setting } from "../../../protocol/index.ts";
import type { Limit } from "../../model/budget.ts";
import type { Policy } from "../../model/policy.ts";
import { layerOf, resolvePolicy, SETTINGS, type PolicyKey } from "../../model/settings.ts";
import type { Db } from "../database.ts";
import { beads } from "../schema/beads.ts";
import { budgets } from "../schema/limits.ts";
import { daySubject, readCost } from "./costs.ts";
import { readValues, TOWN_SCOPE } from "./policies.ts";

/** @param scope the town's, or a rig's id: then those that a rig may have */
export function readSettings(db: Db, defaults: Policy, scope: string): Setting[] {
  const values = readValues(db);
  const ofTown = values.get(TOWN_SCOPE) ?? {};
  const ofRig = scope === TOWN_SCOPE ? {} : (values.get(scope) ?? {});
  const policy = resolvePolicy(defaults, ofTown, ofRig);
  return (Object.keys(SETTINGS) as PolicyKey[])
    .filter((key) => scope === TOWN_SCOPE || SETTINGS[key].rig)
    .map((key) => {
      const { min, max, rig: perRig, says } = SETTINGS[key];
      const from = layerOf(key, ofTown, ofRig);
      return { key, value: policy[key], from, default: defaults[key], min, max, perRig, says };
    });
}

type BudgetScope = Budget["scope"];

/** What may be spent, in order: the day, runs, beads, then beads and convoys with a limit of their own. */
export function readBudgets(db: Db, now: number, policy: Policy): Budget[] {
  const own = db
    .select({ id: budgets.subject, type: beads.type })
    .from(budgets)
    .innerJoin(beads, eq(beads.id, budgets.subject))
    .all();
  const scopes: BudgetScope[] = ["day", "run", "bead"];
  return [
    ...scopes.map((scope) => readBudget(db, now, policy, scope, null)),
    ...own.map(({ id, type }) =>
      readBudget(db, now, policy, type === "convoy" ? "convoy" : "bead", id),
    ),
  ];
}

export function readBudget(
  db: Db,
  now: number,
  policy: Policy,
  scope: BudgetScope,
  id: string | null,
): Budget {
  const subject = id ?? (scope === "day" ? daySubject(now) : null);
  const cost = subject === null ? null : readCost(db, subject);
  const { microUsd, tokens } = cost?.own ?? defaultLimit(scope, policy);
  const title =
    id === null
      ? null
      : db.select({ title: beads.title }).from(beads).where(eq(beads.id, id)).get();
  return {
    scope,
    id,
    title: title?.title ?? null,
    usd: microUsd ? microUsd / 1e6 : null,
    tokens: tokens || null,
    spentUsd: cost && cost.microUsd / 1e6,
    spentTokens: cost && cost.tokens,
  };
}

function defaultLimit(scope: BudgetScope, policy: Policy): Limit {
  switch (scope) {
    case "day":
      return { microUsd: policy.dayMicroUsdMax, tokens: policy.dayTokensMax };
    case "run":
      return { microUsd: policy.runMicroUsdMax, tokens: policy.runTokensMax };
    case "bead":
      return { microUsd: policy.beadMicroUsdMax, tokens: policy.beadTokensMax };
    case "convoy":
      return { microUsd: null, tokens: null };
  }
}
