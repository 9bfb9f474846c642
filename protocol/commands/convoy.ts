/** Commands about convoys. */
import { z } from "zod";
import { convoySchema, deliverySchema, issueSchema, prioritySchema } from "../bead.ts";
import { body, define, owner, title } from "./command-def.ts";
import { refSchema } from "../ids.ts";
import { TASKS_MAX } from "../limits.ts";

/** One task of a convoy: `dependsOn` names the keys of other tasks of the same command. */
const taskSchema = z.strictObject({
  key: z.string().trim().min(1).max(60),
  title,
  body: body.default(""),
  dependsOn: z.array(z.string().max(60)).max(TASKS_MAX).default([]),
  priority: prioritySchema.default("medium"),
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
        total: z.number().int(),
        landed: z.number().int(),
        failed: z.number().int(),
      }),
    ),
  }),
  "convoy.get": define({
    mode: "query",
    roles: owner,
    summary: "One convoy with its beads",
    body: z.strictObject({ convoy: refSchema }),
    value: z.object({ convoy: convoySchema, beads: z.array(issueSchema) }),
  }),
} as const;
