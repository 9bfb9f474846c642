/** Formulas are stored and deleted: templates from which molecules are poured. */
import { FORMULAS_MAX, ok, refuse, type Result } from "../../../protocol/index.ts";
import { checkFormula } from "../../model/molecules/formula.ts";
import { countFormulas, formulaAt, shownFormula } from "../../store/views/formulas.ts";
import { TOWN_SCOPE } from "../../store/limits/policies.ts";
import { findRig } from "../../store/refs.ts";
import type { Tx } from "../../store/tx.ts";
import { dropFormula, putFormula } from "../../store/writes/molecules.ts";
import type { Apply } from "../command.ts";

function scopeOf(tx: Tx, rig: string | undefined): Result<string> {
  if (rig === undefined) return ok(TOWN_SCOPE);
  const found = findRig(tx.db, rig);
  return found.ok ? ok(found.value.id) : found;
}

/** @param there 0: there is none yet */
function isStale(version: number | undefined, there: number): ReturnType<typeof refuse> | null {
  if (version === undefined || version === there) return null;
  return refuse(
    "stale_version",
    there === 0
      ? "there is no such formula any more. Look again, then decide."
      : `it was changed since you looked (version ${there}). Look again, then decide.`,
    { details: { version: there } },
  );
}

export const putFormulaVersion: Apply<"formula.put"> = (tx, body) => {
  const scope = scopeOf(tx, body.rig);
  if (!scope.ok) return scope;
  const checked = checkFormula(body.formula);
  if (!checked.ok) return checked;
  const earlier = formulaAt(tx.db, scope.value, body.formula.name);
  const stale = isStale(body.version, earlier?.version ?? 0);
  if (stale) return stale;
  if (!earlier && countFormulas(tx.db, scope.value) >= FORMULAS_MAX)
    return refuse(
      "too_large",
      `there are ${FORMULAS_MAX} formulas here already: delete one that nobody uses.`,
    );
  return ok(shownFormula(putFormula(tx, scope.value, body.formula, earlier)));
};

export const deleteFormula: Apply<"formula.delete"> = (tx, body) => {
  const scope = scopeOf(tx, body.rig);
  if (!scope.ok) return scope;
  const found = formulaAt(tx.db, scope.value, body.formula);
  if (!found) {
    const whose = body.rig === undefined ? "the town" : `rig ${body.rig}`;
    return refuse(
      "not_found",
      `${whose} has no formula ${body.formula} of its own. See: gastown formula list`,
    );
  }
  const stale = isStale(body.version, found.version);
  if (stale) return stale;
  dropFormula(tx, scope.value, body.formula);
  return ok({ name: body.formula });
};
