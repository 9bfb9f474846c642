/** Figures of the town and of rigs, and what may be spent. */
import { z } from "zod";
import { refSchema } from "../ids.ts";
import { define, owner } from "./command-def.ts";

export const settingSchema = z.object({
  key: z.string(),
  value: z.number().int(),
  from: z.enum(["rig", "town", "default"]),
  default: z.number().int(),
  min: z.number().int(),
  max: z.number().int(),
  /** A rig may have its own. */
  perRig: z.boolean(),
  says: z.string(),
});
export type Setting = z.infer<typeof settingSchema>;

const key = z.string().trim().min(1).max(60);
const rig = refSchema.optional();

const usd = z.number().nonnegative().max(1_000_000).nullable();
const tokens = z.number().int().nonnegative().max(1e12).nullable();
const budgetScope = z.enum(["day", "run", "bead", "convoy"]);

export const budgetSchema = z.object({
  scope: budgetScope,
  /** Of one bead or convoy; null: of the day, or of every run or bead without one of its own. */
  id: z.string().nullable(),
  title: z.string().nullable(),
  /** Null: no limit. */
  usd: z.number().nullable(),
  tokens: z.number().nullable(),
  spentUsd: z.number().nullable(),
  spentTokens: z.number().nullable(),
});
export type Budget = z.infer<typeof budgetSchema>;

export const settingCommands = {
  "settings.get": define({
    mode: "query",
    roles: owner,
    summary: "Every figure that may be set, with its value here and where that comes from",
    body: z.strictObject({ rig }),
    value: z.array(settingSchema),
  }),
  "settings.set": define({
    mode: "command",
    roles: owner,
    summary: "Set a figure of the town, or of one rig",
    body: z.strictObject({ key, value: z.number(), rig }),
    value: settingSchema,
  }),
  "settings.unset": define({
    mode: "command",
    roles: owner,
    summary: "Let the default, or the town's figure, hold again",
    body: z.strictObject({ key, rig }),
    value: settingSchema,
  }),
  "budget.set": define({
    mode: "command",
    roles: owner,
    summary: "Limit what may be spent: in a day, by a run, a bead or a convoy; null is no limit",
    body: z.strictObject({ scope: budgetScope, of: refSchema.optional(), usd, tokens }).partial({
      usd: true,
      tokens: true,
    }),
    value: budgetSchema,
  }),
  "budget.list": define({
    mode: "query",
    roles: owner,
    summary: "Limits of spending with what was spent",
    body: z.strictObject({}),
    value: z.array(budgetSchema),
  }),
} as const;
