/** Why something is where it is, what it waits for, and what a person could do. */
import { z } from "zod";
import { define, owner } from "./command-def.ts";
import { refSchema } from "../ids.ts";
import { timestampSchema } from "../time.ts";

export const explanationSchema = z.object({
  id: z.string(),
  /** Where it is, in one sentence. */
  text: z.string(),
  reasons: z.array(
    z.object({
      text: z.string(),
      untilAt: timestampSchema.nullable(),
      /** The object that is waited for, where it is one. */
      on: z.string().nullable(),
    }),
  ),
  can: z.array(
    z.object({
      text: z.string(),
      command: z.string(),
      body: z.record(z.string(), z.unknown()),
    }),
  ),
});
export type Explanation = z.infer<typeof explanationSchema>;

export const explainCommands = {
  "bead.explain": define({
    mode: "query",
    roles: owner,
    summary: "Why a bead is where it is, what it waits for, and what can be done",
    body: z.strictObject({ bead: refSchema }),
    value: explanationSchema,
  }),
  "review.explain": define({
    mode: "query",
    roles: owner,
    summary: "Why a review is where it is",
    body: z.strictObject({ review: refSchema }),
    value: explanationSchema,
  }),
  "convoy.explain": define({
    mode: "query",
    roles: owner,
    summary: "What a convoy waits for",
    body: z.strictObject({ convoy: refSchema }),
    value: explanationSchema,
  }),
  "run.explain": define({
    mode: "query",
    roles: owner,
    summary: "What a run does, and until when",
    body: z.strictObject({ run: refSchema }),
    value: explanationSchema,
  }),
  "rig.explain": define({
    mode: "query",
    roles: owner,
    summary: "What keeps a rig from being worked on",
    body: z.strictObject({ rig: refSchema }),
    value: explanationSchema,
  }),
} as const;
