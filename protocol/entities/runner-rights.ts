/** What a runner may be given, and the labels by which rigs choose among runners. */
import { z } from "zod";
import { LABELS_MAX } from "../limits.ts";

/** `model`: the model's key, without which its agents' calls go through the town; `merge`: runs that land work. */
export const runnerRightSchema = z.enum(["model", "merge"]);
export type RunnerRight = z.infer<typeof runnerRightSchema>;
export const RUNNER_RIGHTS: readonly RunnerRight[] = runnerRightSchema.options;
export const runnerRightsSchema = z.array(runnerRightSchema).max(RUNNER_RIGHTS.length);

const LABEL_CHARS_MAX = 40;
export const runnerLabelsSchema = z
  .array(
    z
      .string()
      .trim()
      .max(LABEL_CHARS_MAX)
      .regex(/^[a-z0-9][a-z0-9._/-]*$/, "must be of small letters, digits and . _ / -"),
  )
  .max(LABELS_MAX);
