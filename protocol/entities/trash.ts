/** Rigs that people have deleted: on their way out, in the trash, and what a runner removes of one for good. */
import { z } from "zod";
import { rigIdSchema, runIdSchema } from "../ids.ts";
import { timestampSchema } from "../time.ts";

/**
 * What becomes of work that has not landed when the rig is gone for good: `save` removes nothing that its repository does
 * not hold, `drop` deletes it there too.
 */
export const workChoiceSchema = z.enum(["save", "drop"]);
export type WorkChoice = z.infer<typeof workChoiceSchema>;

/** A person's wish to delete a rig. Its runs end before it is in the trash. */
export const deletionSchema = z.object({
  by: z.string(),
  at: timestampSchema,
  work: workChoiceSchema,
});
export type Deletion = z.infer<typeof deletionSchema>;

export const trashedRigSchema = z.object({
  id: rigIdSchema,
  name: z.string(),
  remote: z.string(),
  deletion: deletionSchema,
  /** When its last run had ended, and when it is removed for good. */
  removedAt: timestampSchema,
  purgeAt: timestampSchema,
  /** Issue beads in it, and those that have not come to an end. */
  beads: z.number().int(),
  unfinished: z.number().int(),
});
export type TrashedRig = z.infer<typeof trashedRigSchema>;

/** Runs whose saved work a purge names as finished: so many fit a frame. */
export const FINISHED_MAX = 4_000;
export const KEPT_MAX = 50;

/** The rig is gone for good: the runner removes what it has of it. The same one twice is one. */
export const purgeFrameSchema = z.object({
  connection: z.number().int(),
  rigId: rigIdSchema,
  remote: z.string(),
  work: workChoiceSchema,
  /** Their beads have closed: what was saved of them is worth nothing any more. */
  finished: z.array(runIdSchema).max(FINISHED_MAX),
  /** Whether saved work may be sent to the rig's repository. */
  copies: z.boolean(),
  /** The repository was asked often enough: what it does not answer for stays, and is told. */
  final: z.boolean(),
});
export type PurgeFrame = z.infer<typeof purgeFrameSchema>;

/** What stays on the runner's host, because nothing proves that it is anywhere else. */
export const purgedSchema = z.object({
  kept: z
    .array(z.object({ path: z.string().max(500), reason: z.string().max(1_000) }))
    .max(KEPT_MAX),
});
export type Purged = z.infer<typeof purgedSchema>;
