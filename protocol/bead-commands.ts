/** Commands about issue beads. */
import { z } from "zod";
import {
  beadEventSchema,
  beadStatusSchema,
  closeOutcomeSchema,
  deliverySchema,
  dependencyTypeSchema,
  issueSchema,
  prioritySchema,
} from "./bead.ts";
import { body, define, owner, title, version } from "./command-def.ts";
import { oidSchema, refSchema } from "./ids.ts";
import { TASKS_MAX } from "./limits.ts";
import { reviewSchema } from "./review.ts";
import { runSchema } from "./run.ts";

export const beadCommands = {
  "bead.sling": define({
    mode: "command",
    roles: owner,
    summary: "Give one piece of work to a rig",
    body: z.strictObject({
      rig: refSchema,
      title,
      body: body.default(""),
      priority: prioritySchema.default("medium"),
      delivery: deliverySchema.optional(),
      dependsOn: z.array(refSchema).max(TASKS_MAX).default([]),
    }),
    value: issueSchema,
  }),
  "bead.list": define({
    mode: "query",
    roles: owner,
    summary: "Issue beads, newest first",
    body: z.strictObject({
      rig: refSchema.optional(),
      status: beadStatusSchema.optional(),
      limit: z.number().int().min(1).max(500).default(100),
    }),
    value: z.array(issueSchema),
  }),
  "bead.get": define({
    mode: "query",
    roles: owner,
    summary: "One bead with its runs, reviews and history",
    body: z.strictObject({ bead: refSchema }),
    value: z.object({
      bead: z.unknown(),
      runs: z.array(runSchema),
      reviews: z.array(reviewSchema),
      events: z.array(beadEventSchema),
    }),
  }),
  "bead.diff": define({
    mode: "service",
    roles: owner,
    summary: "What a bead changes: unified diff of its newest head against its base",
    body: z.strictObject({ bead: refSchema }),
    value: z.object({
      baseOid: oidSchema,
      headOid: oidSchema,
      files: z.array(
        z.object({ path: z.string(), additions: z.number().int(), deletions: z.number().int() }),
      ),
      diff: z.string(),
      truncated: z.boolean(),
    }),
  }),
  "bead.close": define({
    mode: "command",
    roles: owner,
    summary: "Close a bead with an explicit outcome; only a verified landing may say landed",
    body: z.strictObject({
      bead: refSchema,
      version,
      outcome: closeOutcomeSchema.exclude(["landed"]),
      reason: z.string().trim().max(2_000).default(""),
    }),
    value: issueSchema,
  }),
  "bead.reopen": define({
    mode: "command",
    roles: owner,
    summary:
      "Start a failed or closed, unlanded bead again: new cycle, attempts kept, limits raised",
    body: z.strictObject({ bead: refSchema, version }),
    value: issueSchema,
  }),
  "bead.depend": define({
    mode: "command",
    roles: owner,
    summary: "Let a bead wait for another to land",
    body: z.strictObject({
      bead: refSchema,
      on: refSchema,
      type: dependencyTypeSchema.default("blocks"),
    }),
    value: issueSchema,
  }),
  "bead.undepend": define({
    mode: "command",
    roles: owner,
    summary: "Remove a dependency",
    body: z.strictObject({ bead: refSchema, on: refSchema }),
    value: issueSchema,
  }),
} as const;
