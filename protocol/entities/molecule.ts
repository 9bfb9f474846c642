/** Formulas, from which molecules are poured, and molecules as seen outside. */
import { z } from "zod";
import {
  beadCommon,
  beadStatusSchema,
  closeOutcomeSchema,
  failureReasonSchema,
  prioritySchema,
} from "../bead.ts";
import { gateSchema } from "../gate.ts";
import { beadIdSchema, rigIdSchema } from "../ids.ts";
import {
  BODY_CHARS_MAX,
  FORMULA_PARAMETERS_MAX,
  GATES_MAX,
  NAME_CHARS_MAX,
  PARAMETER_CHARS_MAX,
  TASKS_MAX,
  TITLE_CHARS_MAX,
} from "../limits.ts";
import { timestampSchema } from "../time.ts";

/** Names of formulas and keys of steps: they stand in commands and file names. */
export const formulaNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(NAME_CHARS_MAX)
  .regex(/^[a-z0-9][a-z0-9-]*$/, "must be lower-case letters, digits and hyphens");
export const parameterNameSchema = z
  .string()
  .max(NAME_CHARS_MAX)
  .regex(/^[a-z][a-z0-9_]*$/, "must be lower-case letters, digits and underscores");
export const parameterValueSchema = z.string().max(PARAMETER_CHARS_MAX);

const title = z.string().trim().min(1, "must not be empty").max(TITLE_CHARS_MAX);

export const formulaParameterSchema = z.strictObject({
  name: parameterNameSchema,
  description: z.string().trim().max(500).default(""),
  /** One without must be given. */
  default: parameterValueSchema.optional(),
});
export const formulaStepSchema = z.strictObject({
  key: formulaNameSchema,
  title,
  body: z.string().max(BODY_CHARS_MAX).default(""),
  /** Keys of steps above it; without the field it waits for the one before it. */
  dependsOn: z.array(formulaNameSchema).max(TASKS_MAX).optional(),
  /** Acceptance checks of its bead. */
  checks: z.array(gateSchema).max(GATES_MAX).default([]),
  priority: prioritySchema.default("medium"),
});
export type FormulaStep = z.infer<typeof formulaStepSchema>;

/** A template. `{{name}}` in titles and bodies stands for a parameter's value. */
export const formulaSchema = z.strictObject({
  name: formulaNameSchema,
  description: z.string().trim().max(2_000).default(""),
  /** Of the molecule; without it the formula's name. */
  title: title.optional(),
  parameters: z.array(formulaParameterSchema).max(FORMULA_PARAMETERS_MAX).default([]),
  steps: z.array(formulaStepSchema).min(1, "must have a step").max(TASKS_MAX),
});
export type Formula = z.infer<typeof formulaSchema>;

export const storedFormulaSchema = z.object({
  ...formulaSchema.shape,
  /** Null: any rig of the town may use it. */
  rigId: rigIdSchema.nullable(),
  version: z.number().int(),
  changedBy: z.string(),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
});
export type StoredFormula = z.infer<typeof storedFormulaSchema>;

export const moleculeStateSchema = z.enum([
  "staged",
  "active",
  "asking",
  "done",
  "failed",
  "cancelled",
]);
/** What a person may do about a step that failed or was cancelled: once more, or without it. */
export const stepChoiceSchema = z.enum(["retry", "skip"]);

export const moleculeStepSchema = z.object({
  /** From 1, in the formula's order. */
  n: z.number().int().positive(),
  key: z.string(),
  beadId: beadIdSchema,
  title: z.string(),
  status: beadStatusSchema,
  outcome: closeOutcomeSchema.nullable(),
  /** A person said to go on without it. */
  skipped: z.boolean(),
});
export type MoleculeStep = z.infer<typeof moleculeStepSchema>;

export const moleculeSchema = z.object({
  ...beadCommon,
  type: z.literal("molecule"),
  state: moleculeStateSchema,
  /** The formula it was poured from, as it was then. */
  formula: z.object({ name: z.string(), version: z.number().int() }),
  steps: z.array(moleculeStepSchema),
  /** Number of the first step that is not closed. */
  current: z.number().int().nullable(),
  failure: failureReasonSchema.nullable(),
  archivedAt: timestampSchema.nullable(),
  /** Steps that have failed: it waits for a person's choice about each. */
  question: z
    .object({ beads: z.array(beadIdSchema), choices: z.array(stepChoiceSchema) })
    .nullable(),
});
export type Molecule = z.infer<typeof moleculeSchema>;
