/** Formulas, and the molecules that were poured from them. The steps are issue beads that name their molecule. */
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { FailureReason, Formula } from "../../../protocol/index.ts";
import type { MoleculeState } from "../../model/molecules/states.ts";
import { at, json } from "./columns.ts";

export const formulas = sqliteTable(
  "formulas",
  {
    /** `town`, or a rig's id. */
    scope: text("scope").notNull(),
    name: text("name").notNull(),
    version: integer("version").notNull(),
    formula: json<Formula>("formula").notNull(),
    changedBy: text("changed_by").notNull(),
    createdAt: at("created_at").notNull(),
    updatedAt: at("updated_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.scope, t.name] })],
);

export const molecules = sqliteTable(
  "molecules",
  {
    beadId: text("bead_id").primaryKey(),
    state: text("state").$type<MoleculeState>().notNull(),
    /** The number of the first step that is not closed; kept by `molecule/advance`. */
    current: integer("current"),
    /** What it was poured from; the formula may have changed since. */
    formula: text("formula").notNull(),
    formulaVersion: integer("formula_version").notNull(),
    parameters: json<Record<string, string>>("parameters").notNull(),
    failure: json<FailureReason>("failure"),
  },
  (t) => [index("molecules_by_state").on(t.state)],
);
