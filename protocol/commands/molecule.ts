/** Commands about formulas and the molecules that are poured from them. */
import { z } from "zod";
import { deliverySchema } from "../bead.ts";
import { define, owner, title, version } from "./command-def.ts";
import { refSchema, rigIdSchema } from "../ids.ts";
import { COMMENT_CHARS_MAX } from "../limits.ts";
import {
  formulaNameSchema,
  formulaParameterSchema,
  formulaSchema,
  moleculeSchema,
  parameterNameSchema,
  parameterValueSchema,
  stepChoiceSchema,
  storedFormulaSchema,
} from "../entities/molecule.ts";

/** Without a rig: the town's. A rig's formula hides the town's of the same name. */
const place = { formula: formulaNameSchema, rig: refSchema.optional() };

export const moleculeCommands = {
  "formula.list": define({
    mode: "query",
    roles: owner,
    summary: "Formulas: the town's, and with a rig those of that rig before them",
    body: z.strictObject({ rig: refSchema.optional() }),
    value: z.array(
      z.object({
        name: z.string(),
        rigId: rigIdSchema.nullable(),
        version: z.number().int(),
        description: z.string(),
        parameters: z.array(formulaParameterSchema),
        steps: z.number().int(),
      }),
    ),
  }),
  "formula.show": define({
    mode: "query",
    roles: owner,
    summary: "One formula: the rig's, else the town's",
    body: z.strictObject(place),
    value: storedFormulaSchema,
  }),
  "formula.put": define({
    mode: "command",
    roles: owner,
    summary:
      "Store a formula, or the next version of it; molecules that were poured stay as they are",
    body: z.strictObject({ formula: formulaSchema, rig: refSchema.optional(), version }),
    value: storedFormulaSchema,
  }),
  "formula.delete": define({
    mode: "command",
    roles: owner,
    summary: "Delete a formula; molecules that were poured from it go on",
    body: z.strictObject({ ...place, version }),
    value: z.object({ name: z.string() }),
  }),
  "molecule.pour": define({
    mode: "command",
    roles: owner,
    summary: "Make a formula's steps into beads of a rig, all or none of them",
    body: z.strictObject({
      formula: formulaNameSchema,
      rig: refSchema,
      parameters: z.record(parameterNameSchema, parameterValueSchema).default({}),
      title: title.optional(),
      delivery: deliverySchema.optional(),
      /** Nothing is dispatched before it is started. */
      staged: z.boolean().default(false),
    }),
    value: moleculeSchema,
  }),
  "molecule.list": define({
    mode: "query",
    roles: owner,
    summary: "Molecules with their steps, newest first",
    body: z.strictObject({ rig: refSchema.optional() }),
    value: z.array(moleculeSchema),
  }),
  "molecule.get": define({
    mode: "query",
    roles: owner,
    summary: "One molecule with its steps, and the parameters it was poured with",
    body: z.strictObject({ molecule: refSchema }),
    value: z.object({
      molecule: moleculeSchema,
      parameters: z.record(z.string(), z.string()),
    }),
  }),
  "molecule.start": define({
    mode: "command",
    roles: owner,
    summary: "Start a staged molecule",
    body: z.strictObject({ molecule: refSchema, version }),
    value: moleculeSchema,
  }),
  "molecule.decide": define({
    mode: "command",
    roles: owner,
    summary: "Choose what becomes of a failed or cancelled step: retry it, or skip it",
    body: z.strictObject({
      molecule: refSchema,
      version,
      /** Its bead, or its key. */
      step: refSchema,
      choice: stepChoiceSchema,
    }),
    value: moleculeSchema,
  }),
  "molecule.cancel": define({
    mode: "command",
    roles: owner,
    summary: "Cancel the steps of a molecule that have not landed, with the work saved",
    body: z.strictObject({
      molecule: refSchema,
      version,
      reason: z.string().trim().max(COMMENT_CHARS_MAX).default(""),
    }),
    value: moleculeSchema,
  }),
} as const;
