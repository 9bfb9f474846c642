/**
 * The town's tools an agent may call, by role. This registry is what the tool server enforces, and where the
 * prompts take their lists from, so neither can promise what the other does not give.
 */
import { z } from "zod";
import { triageActionSchema } from "../../protocol/entities/triage.ts";
import type { Role } from "../../protocol/run.ts";
import {
  BODY_CHARS_MAX,
  COMMENT_CHARS_MAX,
  COMMENTS_MAX,
  FEEDBACK_CHARS_MAX,
  LABELS_MAX,
  TASKS_MAX,
  TITLE_CHARS_MAX,
} from "../../protocol/limits.ts";

export type Tool = {
  name: string;
  roles: readonly Role[];
  /** What it does and when to use it, for the model. */
  description: string;
  input: z.ZodObject;
  /** A successful call ends the run's work. */
  terminal: boolean;
};

/** Its answer is text of the repository. */
export const BROWSE_TOOL_NAME = "gt_rig_browse";
const TASK_KEY_CHARS_MAX = 40;
const FILE_CHARS_MAX = 500;
const id = z.string().min(1).max(100);
const title = z.string().min(1).max(TITLE_CHARS_MAX);
const text = z.string().max(BODY_CHARS_MAX);
const summary = z.string().min(1).max(FEEDBACK_CHARS_MAX);
const priority = z.enum(["low", "medium", "high", "critical"]).optional();
const nothing = z.strictObject({});

const comment = z.strictObject({
  file: z.string().min(1).max(FILE_CHARS_MAX),
  line: z.int().positive(),
  body: summary,
});
const task = z.strictObject({
  key: z
    .string()
    .min(1)
    .max(TASK_KEY_CHARS_MAX)
    .describe("Short name of this task inside this call"),
  title,
  body: text.describe("Outcome, context, how to tell that it is done"),
  depends_on: z
    .array(z.string())
    .max(TASKS_MAX)
    .optional()
    .describe("Keys of the tasks that must land first"),
});

const prime: Tool = {
  name: "gt_prime",
  roles: ["polecat", "refinery"],
  description: "Reads your bead again: task, convoy, gates, feedback.",
  input: nothing,
  terminal: false,
};

const POLECAT: readonly Tool[] = [
  {
    name: "gt_done",
    roles: ["polecat"],
    description:
      "Hands your finished work over. Call it once, last. The town commits what is left, checks it and takes it from there.",
    input: z.strictObject({
      summary: summary.describe("What changed and why, for whoever reads it"),
      no_changes_reason: z
        .string()
        .min(1)
        .max(2_000)
        .optional()
        .describe("Only when the task rightly needs no change: why"),
    }),
    terminal: true,
  },
  {
    name: "gt_escalate",
    roles: ["polecat"],
    description:
      "Tells a person that you cannot go on by yourself, with your evidence. Then finish what you can.",
    input: z.strictObject({ title, body: text, severity: z.enum(["low", "medium", "high"]) }),
    terminal: false,
  },
  {
    name: "gt_ask",
    roles: ["polecat"],
    description: "Asks a person what only a person can decide. It may take hours: give a default.",
    // Its limits are the town's.
    input: z.strictObject({
      question: z.string(),
      options: z.array(z.string()).optional(),
      default: z.string().optional(),
      kind: z.enum(["question", "permission"]).optional(),
      revertible: z.boolean().optional(),
      wait: z.boolean().optional().describe("true: stop until answered"),
    }),
    terminal: false,
  },
];

const REFINERY: readonly Tool[] = [
  {
    name: "gt_verdict",
    roles: ["refinery"],
    description: "Gives your verdict on the change. Call it once, last.",
    input: z.strictObject({
      verdict: z.enum(["approve", "request_changes", "cannot_decide"]),
      summary: summary.describe("Your reasons in a few sentences"),
      comments: z
        .array(comment)
        .max(COMMENTS_MAX)
        .optional()
        .describe("What must change, and where"),
    }),
    terminal: true,
  },
];

const MAYOR: readonly Tool[] = [
  {
    name: "gt_rigs",
    roles: ["mayor"],
    description: "Lists the rigs (repositories) with their ids.",
    input: nothing,
    terminal: false,
  },
  {
    name: BROWSE_TOOL_NAME,
    roles: ["mayor"],
    description:
      "Reads a rig's repository: a folder, a file, or with log the commits that changed it.",
    input: z.strictObject({
      rig: id,
      path: z.string().optional(),
      ref: z.string().optional().describe("A branch or commit; the rig's target if left out"),
      log: z.boolean().optional(),
      offset: z.int().optional().describe("Of a file that was cut"),
    }),
    terminal: false,
  },
  {
    name: "gt_beads",
    roles: ["mayor"],
    description: "Lists beads, newest first. Look here before you create one that may exist.",
    input: z.strictObject({
      rig: id.optional(),
      status: z.enum(["open", "in_progress", "in_review", "closed", "failed"]).optional(),
    }),
    terminal: false,
  },
  {
    name: "gt_bead",
    roles: ["mayor"],
    description: "Shows one bead in full.",
    input: z.strictObject({ bead: id }),
    terminal: false,
  },
  {
    name: "gt_convoy",
    roles: ["mayor"],
    description: "Shows a convoy: its beads, their order and progress.",
    input: z.strictObject({ convoy: id }),
    terminal: false,
  },
  {
    name: "gt_sling",
    roles: ["mayor"],
    description: "Creates one bead and puts it up for work. For a single, self-contained task.",
    input: z.strictObject({
      rig: id,
      title,
      body: text,
      priority,
      held: z.boolean().optional().describe("true: it waits until somebody releases it"),
    }),
    terminal: false,
  },
  {
    name: "gt_edit_bead",
    roles: ["mayor"],
    description: "Changes a bead: what is named replaces what is there.",
    input: z.strictObject({
      bead: id,
      title: title.optional(),
      body: text.optional(),
      priority,
      labels: z.array(z.string()).max(LABELS_MAX).optional(),
      assignee: id.optional().describe("A polecat by name, preferred while idle"),
      depends_on: z.array(id).max(TASKS_MAX).optional().describe("All beads it waits for; alone"),
    }),
    terminal: false,
  },
  {
    name: "gt_act",
    roles: ["mayor"],
    description:
      "Does one thing to a bead. hold: nothing more of it starts before release. cancel: its run is stopped, its work saved, then it is closed. delete: only what never landed and nothing waits for.",
    input: z.strictObject({
      bead: id,
      action: z.enum(["hold", "release", "cancel", "reopen", "archive", "unarchive", "delete"]),
      reason: z.string().max(COMMENT_CHARS_MAX).optional(),
    }),
    terminal: false,
  },
  {
    name: "gt_comment",
    roles: ["mayor"],
    description: "Writes a line into a bead's history.",
    input: z.strictObject({ bead: id, text: z.string().min(1).max(COMMENT_CHARS_MAX) }),
    terminal: false,
  },
  {
    name: "gt_escalation",
    roles: ["mayor"],
    description: "Acknowledges or resolves an escalation, when the person agrees that it is over.",
    input: z.strictObject({
      escalation: id,
      action: z.enum(["acknowledge", "resolve"]),
      note: z.string().max(COMMENT_CHARS_MAX).optional(),
    }),
    terminal: false,
  },
  {
    name: "gt_reset_agent",
    roles: ["mayor"],
    description: "Takes an agent off its run, work saved; its bead goes on with another run.",
    input: z.strictObject({ agent: id }),
    terminal: false,
  },
  {
    name: "gt_sling_convoy",
    roles: ["mayor"],
    description:
      "Creates a convoy: several beads with their order, which belong together. Name dependencies in depends_on; set parallel only when none of the tasks needs another.",
    input: z.strictObject({
      rig: id,
      title,
      tasks: z.array(task).min(1).max(TASKS_MAX),
      parallel: z.boolean().optional(),
      mode: z
        .enum(["review-and-merge", "review-then-land"])
        .optional()
        .describe("review-then-land: all land together at the end, from a branch of the convoy"),
      staged: z.boolean().optional().describe("true: a plan to look at; nothing runs before start"),
    }),
    terminal: false,
  },
  {
    name: "gt_convoy_add",
    roles: ["mayor"],
    description: "Adds a task to a convoy that goes on.",
    input: z.strictObject({
      convoy: id,
      title,
      body: text,
      depends_on: z.array(id).max(TASKS_MAX).optional().describe("Beads that must land first"),
    }),
    terminal: false,
  },
  {
    name: "gt_convoy_act",
    roles: ["mayor"],
    description:
      "Does one thing to a convoy. start: a staged one. remove: takes an open bead out. For a failed bead retry, drop, or land_without it and what waits for it. cancel: ends all that has not landed.",
    input: z.strictObject({
      convoy: id,
      action: z.enum(["start", "cancel", "remove", "retry", "drop", "land_without"]),
      bead: id.optional(),
      reason: z.string().max(COMMENT_CHARS_MAX).optional(),
    }),
    terminal: false,
  },
  {
    name: "gt_formulas",
    roles: ["mayor"],
    description: "Formulas of a rig: stored templates of work in steps, with their parameters.",
    input: z.strictObject({ rig: id }),
    terminal: false,
  },
  {
    name: "gt_pour",
    roles: ["mayor"],
    description:
      "Makes the steps of a formula into beads that follow each other. For work that a formula describes, instead of a convoy.",
    input: z.strictObject({
      rig: id,
      formula: z.string(),
      parameters: z.record(z.string(), z.string()).optional(),
      title: title.optional(),
      staged: z.boolean().optional(),
    }),
    terminal: false,
  },
  {
    name: "gt_molecule",
    roles: ["mayor"],
    description:
      "Shows what was poured, with its steps; or does one thing to it. start: a staged one. retry, skip: a failed step. cancel: ends all that has not landed.",
    input: z.strictObject({
      molecule: id,
      action: z.enum(["start", "cancel", "retry", "skip"]).optional(),
      step: id.optional(),
      reason: z.string().max(COMMENT_CHARS_MAX).optional(),
    }),
    terminal: false,
  },
];

const TRIAGE: readonly Tool[] = [
  {
    name: "gt_triage_decide",
    roles: ["triage"],
    description: "Decides about one request of your message. Each can be decided once.",
    input: z.strictObject({
      request: id.describe("Its id, as given"),
      action: triageActionSchema,
      note: z.string().max(COMMENT_CHARS_MAX).describe("Why; for guide, the words to the agent"),
    }),
    terminal: false,
  },
];

export const TOOLS: readonly Tool[] = [prime, ...POLECAT, ...REFINERY, ...MAYOR, ...TRIAGE];

export function toolsOf(role: Role): readonly Tool[] {
  return TOOLS.filter((tool) => tool.roles.includes(role));
}

/** The agent's own tools a role may use; every other is denied. */
export const BUILT_IN_TOOLS: Readonly<Record<Role, readonly string[]>> = {
  polecat: ["read", "edit", "write", "bash", "glob", "grep"],
  refinery: ["read", "glob", "grep"],
  mayor: [],
  triage: [],
};

/** Name of the tool server in the agent's configuration. */
export const TOOL_SERVER_NAME = "gastown";

/** How the model sees a tool of the town. */
export function toolNameForModel(name: string): string {
  return `${TOOL_SERVER_NAME}_${name}`;
}

/** Limits that are enforced all the same: each one said here costs every request. */
const UNSAID = ["minLength", "maxLength", "minItems", "maxItems"] as const;

/** JSON schema of a tool's input, as short as it can be said. */
export function inputJsonSchema(tool: Tool): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(tool.input, {
    io: "input",
    override: ({ jsonSchema }) => UNSAID.forEach((limit) => delete jsonSchema[limit]),
  });
  return schema;
}
