/**
 * Topics: what a viewer can follow. A topic's state is a set of entity images keyed by (kind, id);
 * a subscription answers the whole set or the missed changes, then ordered changes follow.
 */
import { z } from "zod";
import { escalationSchema, mailSchema, questionSchema } from "./attention.ts";
import { beadEventSchema, convoySchema, issueSchema } from "./bead.ts";
import { moleculeSchema } from "./entities/molecule.ts";
import { triageRequestSchema } from "./entities/triage.ts";
import { reviewSchema } from "./review.ts";
import {
  agentSchema,
  chatEntrySchema,
  rigSchema,
  runnerSchema,
  runSchema,
  townSchema,
} from "./run.ts";

/** The images of the change feed, by kind. */
export const imageSchemas = {
  town: townSchema,
  rig: rigSchema,
  runner: runnerSchema,
  issue: issueSchema,
  convoy: convoySchema,
  molecule: moleculeSchema,
  review: reviewSchema,
  agent: agentSchema,
  run: runSchema,
  escalation: escalationSchema,
  question: questionSchema,
  mail: mailSchema,
  triage: triageRequestSchema,
  chat: chatEntrySchema,
  event: beadEventSchema,
} as const;
export type ImageKind = keyof typeof imageSchemas;
export type Image<K extends ImageKind> = z.infer<(typeof imageSchemas)[K]>;
export type AnyImage = {
  [K in ImageKind]: { kind: K; id: string; value: Image<K> | null };
}[ImageKind];

export const imageKindSchema = z.enum(Object.keys(imageSchemas) as [ImageKind, ...ImageKind[]]);

/**
 * Topic names and what they hold:
 * - `town`: the town, rigs, runners, unresolved escalations, open questions, open requests of triage
 * - `board`: issue beads (all unfinished, newest closed)
 * - `convoys`: convoys
 * - `agents`: agents and runs that have not ended
 * - `reviews`: reviews that are not settled
 * - `mayor`: chat entries of the Mayor's session
 * - `activity`: newest bead events
 * - `bead:ID`: the bead, its runs, reviews, requests of triage, events, children, dependencies and molecule; of a molecule
 *   its steps
 * - `convoy:ID`: the convoy and its beads
 * - `review:ID`, `run:ID`, `agent:ID`: the object with what it refers to
 * - `changes`: every image of every kind, as it changes; its snapshot is empty
 */
export const topicSchema = z
  .string()
  .regex(
    /^(town|board|convoys|agents|reviews|mayor|activity|changes|(bead|convoy|review|run|agent):[a-z]{2}_[0-9a-z]{26})$/,
    "must be a topic",
  );
export type Topic = z.infer<typeof topicSchema>;

/** A place in the change feed. A position of another epoch means: start over. */
export const feedPositionSchema = z.strictObject({
  epoch: z.number().int().positive(),
  version: z.number().int().nonnegative(),
});
export type FeedPosition = z.infer<typeof feedPositionSchema>;

export const subscribeSchema = z.strictObject({
  topic: topicSchema,
  since: feedPositionSchema.optional(),
});
export const unsubscribeSchema = z.strictObject({ topic: topicSchema });

const itemSchema = z.object({
  kind: imageKindSchema,
  id: z.string(),
  value: z.unknown().nullable(),
});

/**
 * `changes` frames and the answer to subscribe. `reset` true: forget what you had, then apply.
 * `complete` false: more frames of the same position follow at once.
 * An item with value null is gone.
 */
export const topicFrameSchema = z.object({
  topic: topicSchema,
  epoch: z.number().int(),
  version: z.number().int(),
  reset: z.boolean(),
  complete: z.boolean(),
  items: z.array(itemSchema),
});
export type TopicFrame = Omit<z.infer<typeof topicFrameSchema>, "items"> & { items: AnyImage[] };
