/** Commands about issue beads. */
import { z } from "zod";
import {
  beadEventSchema,
  beadStatusSchema,
  closeOutcomeSchema,
  deliverySchema,
  dependencyTypeSchema,
  givenWorkSchema,
  issueSchema,
  prioritySchema,
} from "../bead.ts";
import { body, define, owner, title, version } from "./command-def.ts";
import { beadCommitSchema } from "../entities/commit.ts";
import { beadIdSchema, oidSchema, refSchema, rigIdSchema, runnerIdSchema } from "../ids.ts";
import { gateSchema } from "../gate.ts";
import { COMMENT_CHARS_MAX, GATES_MAX, LABELS_MAX, TASKS_MAX } from "../limits.ts";
import { reviewSchema } from "../review.ts";
import { runSchema } from "../run.ts";
import { timestampSchema } from "../time.ts";

const checks = z.array(gateSchema).max(GATES_MAX);
const words = z.string().trim().max(COMMENT_CHARS_MAX);

/** Only what `gastown give` writes: no branch and no ref of the town can be named. */
const givenRef = z.string().regex(/^refs\/gastown\/given\/[A-Za-z0-9_]{1,60}\/[0-9a-f]{7,64}$/);

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
      /** Nothing of it is started before it is released. */
      held: z.boolean().default(false),
      checks: checks.default([]),
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
      /** Words that title, body or labels hold. */
      text: z.string().trim().max(200).optional(),
      /** Archived beads are left out unless they are asked for. */
      archived: z.boolean().default(false),
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
  "bead.commits": define({
    mode: "query",
    roles: owner,
    summary: "Commits that agents made for a bead, the newest first, with their pages",
    body: z.strictObject({ bead: refSchema }),
    value: z.array(beadCommitSchema),
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
  "bead.cancel": define({
    mode: "command",
    roles: owner,
    summary: "Stop what works on a bead with its work saved, let a merge settle, then close it",
    body: z.strictObject({ bead: refSchema, version, reason: words.default("") }),
    value: issueSchema,
  }),
  "bead.update": define({
    mode: "command",
    roles: owner,
    summary: "Change a bead's title, body, priority, labels, assignee wish or delivery",
    body: z.strictObject({
      bead: refSchema,
      version,
      set: z
        .strictObject({
          title,
          body,
          priority: prioritySchema,
          labels: z.array(z.string().trim().min(1).max(60)).max(LABELS_MAX),
          /** A polecat of its rig, which is preferred while it is idle. */
          assignee: refSchema.nullable(),
          /** Commands that must be green on the merged tree; all of them. */
          checks,
          /** null: that of its convoy or rig. */
          delivery: deliverySchema.nullable(),
        })
        .partial(),
    }),
    value: issueSchema,
  }),
  "bead.hold": define({
    mode: "command",
    roles: owner,
    summary: "Start nothing more of a bead before it is released; what runs goes on",
    body: z.strictObject({ bead: refSchema, version }),
    value: issueSchema,
  }),
  "bead.take": define({
    mode: "command",
    roles: owner,
    summary:
      "Work on a bead yourself: its run is stopped with the work saved, and nobody else works on it",
    body: z.strictObject({ bead: refSchema, version }),
    value: issueSchema,
  }),
  "bead.give": define({
    mode: "command",
    roles: owner,
    summary: "Give a bead back that was taken, with commits or as it was",
    body: z.strictObject({
      bead: refSchema,
      version,
      work: givenWorkSchema
        .extend({ ref: givenRef, summary: z.string().max(COMMENT_CHARS_MAX) })
        .nullable(),
    }),
    value: issueSchema,
  }),
  "bead.work": define({
    mode: "query",
    roles: owner,
    summary: "Where the newest work of a bead lies, for whoever goes on with it by hand",
    body: z.strictObject({ bead: refSchema }),
    value: z.object({
      bead: beadIdSchema,
      /** A run of it has not ended: what it saves at its end is not told yet. */
      isBusy: z.boolean(),
      rig: z.object({
        ...{ id: rigIdSchema, name: z.string(), remote: z.string(), target: z.string() },
        delivery: deliverySchema,
      }),
      /** Null: it begins from its rig's target. */
      from: z
        .object({
          ...{ oid: oidSchema, refs: z.array(z.string()), runnerId: runnerIdSchema },
          /** What it began from. */
          baseOid: oidSchema.nullable(),
        })
        .nullable(),
    }),
  }),
  "bead.release": define({
    mode: "command",
    roles: owner,
    summary: "Let a held bead go on",
    body: z.strictObject({ bead: refSchema, version }),
    value: issueSchema,
  }),
  "bead.comment": define({
    mode: "command",
    roles: owner,
    summary: "Write a line into a bead's history",
    body: z.strictObject({ bead: refSchema, text: words.min(1) }),
    value: z.object({ id: beadIdSchema }),
  }),
  "bead.delete": define({
    mode: "command",
    roles: owner,
    summary: "Delete a bead that nothing depends on and nothing landed of; a tombstone stays",
    body: z.strictObject({ bead: refSchema, version }),
    value: z.object({ id: beadIdSchema }),
  }),
  "bead.archive": define({
    mode: "command",
    roles: owner,
    summary: "Hide beads and convoys; without names all closed ones, 500 at a time",
    body: z.strictObject({
      beads: z.array(refSchema).max(500).default([]),
      /** Only those closed before this time, when none is named. */
      closedBefore: timestampSchema.optional(),
    }),
    value: z.object({ archived: z.array(beadIdSchema), more: z.boolean() }),
  }),
  "bead.unarchive": define({
    mode: "command",
    roles: owner,
    summary: "Show archived beads and convoys again",
    body: z.strictObject({ beads: z.array(refSchema).min(1).max(500) }),
    value: z.object({ unarchived: z.array(beadIdSchema) }),
  }),
  "bead.reopen": define({
    mode: "command",
    roles: owner,
    summary:
      "Start a failed or closed, unlanded bead again: new cycle, attempts kept, limits raised",
    body: z.strictObject({ bead: refSchema, version }),
    value: issueSchema,
  }),
  "bead.resume": define({
    mode: "command",
    roles: owner,
    summary: "Let a parked bead be tried again: what it was parked for is mended",
    body: z.strictObject({ bead: refSchema }),
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
  "bead.rewire": define({
    mode: "command",
    roles: owner,
    summary: "Set everything a bead waits for",
    body: z.strictObject({
      bead: refSchema,
      version,
      dependsOn: z.array(refSchema).max(TASKS_MAX),
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
