/** Formulas by name: a rig's hides the town's. */
import { and, asc, count, eq, inArray } from "drizzle-orm";
import { ok, refuse, type Result, type StoredFormula } from "../../../protocol/index.ts";
import type { Db } from "../database.ts";
import { TOWN_SCOPE } from "../limits/policies.ts";
import { formulas } from "../schema/molecules.ts";

export type FormulaRow = typeof formulas.$inferSelect;

export function formulaAt(db: Db, scope: string, name: string): FormulaRow | undefined {
  return db
    .select()
    .from(formulas)
    .where(and(eq(formulas.scope, scope), eq(formulas.name, name)))
    .get();
}

/** The rig's formula, else the town's. Errors: not_found. */
export function findFormula(db: Db, name: string, rigId: string | null): Result<FormulaRow> {
  const found =
    (rigId === null ? undefined : formulaAt(db, rigId, name)) ?? formulaAt(db, TOWN_SCOPE, name);
  return found
    ? ok(found)
    : refuse("not_found", `there is no formula ${name}. See: gastown formula list`);
}

/** What a rig can use, or the town's alone: each name once, in order. */
export function formulasFor(db: Db, rigId: string | null): FormulaRow[] {
  const rows = db
    .select()
    .from(formulas)
    .where(inArray(formulas.scope, rigId === null ? [TOWN_SCOPE] : [rigId, TOWN_SCOPE]))
    .orderBy(asc(formulas.name))
    .all();
  const own = new Set(rows.filter(({ scope }) => scope === rigId).map(({ name }) => name));
  return rows.filter(({ scope, name }) => scope === rigId || !own.has(name));
}

export function countFormulas(db: Db, scope: string): number {
  return db.select({ n: count() }).from(formulas).where(eq(formulas.scope, scope)).get()?.n ?? 0;
}

export function shownFormula({ scope, formula, ...row }: FormulaRow): StoredFormula {
  const { version, changedBy, createdAt, updatedAt } = row;
  const rigId = scope === TOWN_SCOPE ? null : scope;
  return { ...formula, rigId, version, changedBy, createdAt, updatedAt };
}
