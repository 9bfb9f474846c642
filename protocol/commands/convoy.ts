/** Commands about convoys. */
import { z } from "zod";
import {
  convoyModeSchema,
  convoySchema,
  deliverySchema,
  issueSchema,
  prioritySchema,
  taskChoiceSchema,
} from "../bead.ts";
import { body, define, owner, title, version } from "./command-def.ts";
import { beadIdSchema, refSchema } from "../ids.ts";
import { gateSchema } from "../gate.ts";
import { COMMENT_CHARS_MAX, GATES_MAX, TASKS_MAX } from "../limits.ts";

/** One task of a convoy: `dependsOn` names the keys of other tasks of the same command. */
const taskSchema = z.strictObject({
  key: z.string().trim().min(1).max(60),
  title,
  body: body.default(""),
  dependsOn: z.array(z.string().max(60)).max(TASKS_MAX).default([]),
  priority: prioritySchema.default("medium"),
  checks: z.array(gateSchema).max(GATES_MAX).default([]),
});

/** Always counted from the beads, never kept. */
const progressSchema = z.object({
  total: z.number().int(),
  landed: z.number().int(),
  failed: z.number().int(),
});

export const convoyCommands = {
  "convoy.sling": define({
    mode: "command",
    roles: owner,
    summary: "Up to 50 tasks with dependencies, created together or not at all",
    body: z.strictObject({
      rig: refSchema,
      title,
      tasks: z.array(taskSchema).min(1).max(TASKS_MAX),
      parallel: z.boolean().default(false),
      /** Nothing is dispatched before it is started. */
      staged: z.boolean().default(false),
      mode: convoyModeSchema.default("review-and-merge"),
      delivery: deliverySchema.optional(),
    }),
    value: z.object({ convoy: convoySchema, beads: z.array(issueSchema) }),
  }),
  "convoy.list": define({
    mode: "query",
    roles: owner,
    summary: "Convoys with their progress",
    body: z.strictObject({}),
    value: z.array(
      z.object({
        convoy: convoySchema,
        ...progressSchema.shape,
      }),
    ),
  }),
  "convoy.get": define({
    mode: "query",
    roles: owner,
    summary: "One convoy with its beads, its plan and how far it is",
    body: z.strictObject({ convoy: refSchema }),
    value: z.object({
      convoy: convoySchema,
      beads: z.array(issueSchema),
      /** Beads that can run side by side, in the order in which they land. */
      waves: z.array(z.array(beadIdSchema)),
      /** Beads that would run side by side and name the same files. */
      overlaps: z.array(
        z.object({ beads: z.tuple([beadIdSchema, beadIdSchema]), files: z.array(z.string()) }),
      ),
      progress: progressSchema,
      /** Of an ended convoy: its beads whose work is not on the target. */
      notLanded: z.array(beadIdSchema),
    }),
  }),
  "convoy.start": define({
    mode: "command",
    roles: owner,
    summary: "Start a staged convoy",
    body: z.strictObject({ convoy: refSchema, version }),
    value: convoySchema,
  }),
  "convoy.update": define({
    mode: "command",
    roles: owner,
    summary: "Change a convoy's title",
    body: z.strictObject({ convoy: refSchema, version, set: z.strictObject({ title }).partial() }),
    value: convoySchema,
  }),
  "convoy.add": define({
    mode: "command",
    roles: owner,
    summary: "Add a task to a convoy that has not ended",
    body: z.strictObject({
      convoy: refSchema,
      version,
      title,
      body: body.default(""),
      priority: prioritySchema.default("medium"),
      dependsOn: z.array(refSchema).max(TASKS_MAX).default([]),
    }),
    value: issueSchema,
  }),
  "convoy.remove": define({
    mode: "command",
    roles: owner,
    summary: "Take an open bead out of a convoy; it is held, with none of the convoy's order",
    body: z.strictObject({ convoy: refSchema, version, bead: refSchema }),
    value: issueSchema,
  }),
  "convoy.decide": define({
    mode: "command",
    roles: owner,
    summary: "Choose what becomes of a failed task: retry, drop, or land_without it",
    body: z.strictObject({ convoy: refSchema, bead: refSchema, choice: taskChoiceSchema }),
    value: convoySchema,
  }),
  "convoy.cancel": define({
    mode: "command",
    roles: owner,
    summary: "Cancel what has not landed of a convoy, with the work saved",
    body: z.strictObject({
      convoy: refSchema,
      version,
      reason: z.string().trim().max(COMMENT_CHARS_MAX).default(""),
    }),
    value: convoySchema,
  }),
} as const;
