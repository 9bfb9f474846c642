/** The policy as it is set: one reader for all that ask. */
import { sql } from "drizzle-orm";
import type { Policy } from "../../model/policy.ts";
import { isPolicyKey, resolvePolicy, type Values } from "../../model/settings.ts";
import type { Db } from "../database.ts";
import { prepared } from "../prepared.ts";
import { settings } from "../schema/town.ts";

/** Keys of the settings table that hold figures of the policy. */
export const POLICY_PREFIX = "policy.";
export const TOWN_SCOPE = "town";

const rows = prepared((db) =>
  db
    .select()
    .from(settings)
    .where(sql`${settings.key} >= 'policy.' and ${settings.key} < 'policy/'`)
    .prepare(),
);

export interface Policies {
  defaults: Policy;
  town: Policy;
  /** Of rigs that have figures of their own. */
  rigs: ReadonlyMap<string, Policy>;
}

/** What is set, by scope: the town, or a rig's id. */
export function readValues(db: Db): ReadonlyMap<string, Values> {
  const scopes = new Map<string, Record<string, number>>();
  for (const { scope, key, value } of rows(db).all()) {
    const name = key.slice(POLICY_PREFIX.length);
    if (!isPolicyKey(name) || typeof value !== "number") continue;
    scopes.set(scope, { ...scopes.get(scope), [name]: value });
  }
  return scopes;
}

export function readPolicies(db: Db, defaults: Policy): Policies {
  const values = readValues(db);
  if (values.size === 0) return { defaults, town: defaults, rigs: new Map() };
  const ofTown = values.get(TOWN_SCOPE) ?? {};
  const rigs = new Map<string, Policy>();
  for (const [scope, ofRig] of values)
    if (scope !== TOWN_SCOPE) rigs.set(scope, resolvePolicy(defaults, ofTown, ofRig));
  return { defaults, town: resolvePolicy(defaults, ofTown), rigs };
}
