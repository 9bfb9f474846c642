/** Figures of the town and of rigs; limits of spending. */
import { isNull } from "drizzle-orm";
import { ok, refuse, type Budget, type CommandBody, type Result } from "../../protocol/index.ts";
import { isPolicyKey, resolvePolicy, SETTINGS, settingFault } from "../model/settings.ts";
import type { PolicyKey } from "../model/settings.ts";
import { daySubject } from "../store/limits/costs.ts";
import { POLICY_PREFIX, readPolicies, readValues, TOWN_SCOPE } from "../store/limits/policies.ts";
import { readBudget, readSettings } from "../store/limits/shown.ts";
import { findBead, findRig } from "../store/refs.ts";
import { rigs } from "../store/schema/runs.ts";
import { present } from "../store/present.ts";
import type { Tx } from "../store/tx.ts";
import { touchIdleAgents } from "../store/writes/agents.ts";
import { touchTriage } from "../store/writes/attention/triage.ts";
import { touchTown } from "../store/writes/limits/limits.ts";
import { putBudget, touchLiveRuns, touchSpenders, unwarn } from "../store/writes/limits/spend.ts";
import { dropSetting, putSetting } from "../store/writes/settings.ts";
import type { Apply } from "./command.ts";

type Place = { key: PolicyKey; scope: string };

/** @returns the place of a setting, or why there is none */
function placeOf(tx: Tx, { key, rig: ref }: { key: string; rig?: string | undefined }) {
  if (!isPolicyKey(key))
    return refuse(
      "not_found",
      `there is no setting ${key}. \`gastown settings list\` has them all.`,
    );
  if (ref === undefined) return ok<Place>({ key, scope: TOWN_SCOPE });
  if (!SETTINGS[key].rig) return refuse("invalid_body", `${key} is the town's: leave the rig out.`);
  const rig = findRig(tx.db, ref);
  return rig.ok ? ok<Place>({ key, scope: rig.value.id }) : rig;
}

export const setSetting: Apply<"settings.set"> = (tx, body) => {
  const place = placeOf(tx, body);
  if (!place.ok) return place;
  const { key, scope } = place.value;
  const values = readValues(tx.db);
  const ofTown = values.get(TOWN_SCOPE) ?? {};
  const { defaults } = tx.policies;
  const would =
    scope === TOWN_SCOPE
      ? resolvePolicy(defaults, { ...ofTown, [key]: body.value })
      : resolvePolicy(defaults, ofTown, { ...values.get(scope), [key]: body.value });
  const fault = settingFault(key, body.value, would);
  if (fault) return refuse("invalid_body", fault);
  putSetting(tx, scope, POLICY_PREFIX + key, body.value);
  return changed(tx, place.value);
};

export const unsetSetting: Apply<"settings.unset"> = (tx, body) => {
  const place = placeOf(tx, body);
  if (!place.ok) return place;
  const { key, scope } = place.value;
  const ofTown = { ...readValues(tx.db).get(TOWN_SCOPE) };
  delete ofTown[key];
  const would = resolvePolicy(tx.policies.defaults, ofTown);
  const fault = scope === TOWN_SCOPE ? settingFault(key, would[key], would) : null;
  if (fault) return refuse("invalid_body", fault);
  if (!dropSetting(tx, scope, POLICY_PREFIX + key))
    return refuse(
      "not_found",
      `${key} is not set here: what holds is the default or the town's figure.`,
    );
  return changed(tx, place.value);
};

/** Everything that the figure may concern is looked at again. */
function changed(tx: Tx, { key, scope }: Place) {
  if (key === "agentIdleMs") touchIdleAgents(tx);
  if (key.startsWith("triage")) touchTriage(tx);
  lookAgain(tx, scope === TOWN_SCOPE ? null : scope);
  const { defaults } = tx.policies;
  const shown = readSettings(tx.db, defaults, scope).find((each) => each.key === key);
  return ok(present(shown, `setting ${key}`));
}

/** Whatever a setting of a rig, or of the town, may concern. */
export function lookAgain(tx: Tx, rigId: string | null): void {
  touchTown(tx);
  const rows =
    rigId === null
      ? tx.db.select({ id: rigs.id }).from(rigs).where(isNull(rigs.removedAt)).all()
      : [{ id: rigId }];
  for (const { id } of rows) tx.touch("rig", id);
  touchLiveRuns(tx);
}

const FIGURES = {
  day: ["dayMicroUsdMax", "dayTokensMax"],
  run: ["runMicroUsdMax", "runTokensMax"],
  bead: ["beadMicroUsdMax", "beadTokensMax"],
} as const;

export const setBudget: Apply<"budget.set"> = (tx, body) => {
  const { scope, of: ref, usd, tokens } = body;
  if (usd === undefined && tokens === undefined)
    return refuse("invalid_body", "usd, tokens: name one of them.");
  if (ref !== undefined) return budgetOf(tx, body, ref);
  if (scope === "convoy") return refuse("invalid_body", "of: name the convoy.");
  const [money, count] = FIGURES[scope];
  if (usd !== undefined) setFigure(tx, money, microUsd(usd));
  if (tokens !== undefined) setFigure(tx, count, tokens ?? 0);
  if (scope === "day") unwarn(tx, daySubject(tx.now));
  lookAgain(tx, null);
  return ok(readBudget(tx.db, tx.now, readPolicies(tx.db, tx.policies.defaults).town, scope, null));
};

function budgetOf(tx: Tx, body: CommandBody<"budget.set">, ref: string): Result<Budget> {
  const { scope, usd, tokens } = body;
  if (scope !== "bead" && scope !== "convoy")
    return refuse("invalid_body", "of: only a bead or a convoy has a budget of its own.");
  const bead = findBead(tx.db, ref, [scope === "bead" ? "issue" : "convoy"], scope);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  const before = readBudget(tx.db, tx.now, tx.policy, scope, id);
  putBudget(tx, id, {
    microUsd: usd === undefined ? microUsd(before.usd) : microUsd(usd),
    tokens: tokens === undefined ? before.tokens : tokens,
  });
  touchSpenders(tx, scope, id);
  return ok(readBudget(tx.db, tx.now, tx.policy, scope, id));
}

function setFigure(tx: Tx, key: PolicyKey, value: number): void {
  putSetting(tx, TOWN_SCOPE, POLICY_PREFIX + key, value);
}

function microUsd(usd: number | null): number {
  return usd === null ? 0 : Math.round(usd * 1e6);
}
