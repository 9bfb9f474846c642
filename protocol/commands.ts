/**
 * Everything that may be asked of a town, by browser, CLI and HTTP alike. `mode` command changes
 * state and is acknowledged after the commit; query reads; service talks to the outside and changes
 * nothing by itself. `roles` is the authorisation table: what is not named is refused.
 */
import { z } from "zod";
import {
  beadEventSchema,
  beadStatusSchema,
  closeOutcomeSchema,
  convoySchema,
  deliverySchema,
  dependencyTypeSchema,
  issueSchema,
  prioritySchema,
} from "./bead.ts";
import {
  beadIdSchema,
  oidSchema,
  refSchema,
  rigIdSchema,
  tokenIdSchema,
  turnIdSchema,
} from "./ids.ts";
import {
  BODY_CHARS_MAX,
  CHAT_CHARS_MAX,
  COMMAND_LINE_CHARS_MAX,
  GATES_MAX,
  NAME_CHARS_MAX,
  STREAM_REPLAY_MAX,
  TASKS_MAX,
  TITLE_CHARS_MAX,
} from "./limits.ts";
import { gateSchema, reviewSchema } from "./review.ts";
import {
  agentSchema,
  modelSettingsSchema,
  rigSchema,
  runnerSchema,
  runSchema,
  townSchema,
} from "./run.ts";
import { agentEventSchema } from "./stream.ts";
import { timestampSchema } from "./time.ts";

export type Principal = "owner" | "runner";
export interface CommandDef<B extends z.ZodType = z.ZodType, V extends z.ZodType = z.ZodType> {
  mode: "command" | "query" | "service";
  roles: readonly Principal[];
  summary: string;
  body: B;
  value: V;
}
function define<B extends z.ZodType, V extends z.ZodType>(def: CommandDef<B, V>): CommandDef<B, V> {
  return def;
}

const title = z.string().trim().min(1, "must not be empty").max(TITLE_CHARS_MAX);
const body = z.string().max(BODY_CHARS_MAX);
const name = z
  .string()
  .trim()
  .min(1)
  .max(NAME_CHARS_MAX)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u, "must begin with a letter or digit");
const branch = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^(?!-)(?!.*\.\.)(?!.*[~^:?*[\\\s])[^/].*[^/.]$|^[A-Za-z0-9]$/, "must be a branch name");
const version = z.number().int().nonnegative().optional();
const owner = ["owner"] as const;

/** One task of a convoy: `dependsOn` names the keys of other tasks of the same command. */
export const taskSchema = z.strictObject({
  key: z.string().trim().min(1).max(60),
  title,
  body: body.default(""),
  dependsOn: z.array(z.string().max(60)).max(TASKS_MAX).default([]),
  priority: prioritySchema.default("medium"),
});

const rigSettings = {
  target: branch,
  delivery: deliverySchema,
  codeReview: z.boolean(),
  gates: z.array(gateSchema).max(GATES_MAX),
  setup: z.string().trim().max(COMMAND_LINE_CHARS_MAX).nullable(),
  slots: z.number().int().min(1).max(64),
  isolationConfirmed: z.boolean(),
  directMergeConfirmed: z.boolean(),
};

const modelInput = z.strictObject({
  provider: z.enum(["kilo", "openai-compatible"]),
  baseUrl: z.url({ protocol: /^https?$/ }).max(500),
  key: z.string().max(4_000).optional(),
  model: z.string().trim().min(1).max(200),
  smallModel: z.string().trim().min(1).max(200).optional(),
  roles: z
    .strictObject({
      mayor: z.string().trim().max(200).nullable(),
      polecat: z.string().trim().max(200).nullable(),
      refinery: z.string().trim().max(200).nullable(),
    })
    .partial()
    .optional(),
});

export const commands = {
  "town.status": define({
    mode: "query",
    roles: owner,
    summary: "The town, its rigs, runners and counts",
    body: z.strictObject({}),
    value: z.object({
      town: townSchema,
      rigs: z.array(rigSchema),
      runners: z.array(runnerSchema),
      counts: z.record(z.string(), z.number().int()),
      liveRuns: z.number().int(),
      openEscalations: z.number().int(),
    }),
  }),
  "reconcile.preview": define({
    mode: "query",
    roles: owner,
    summary: "What the town would do next, if it looked at everything unfinished now",
    body: z.strictObject({}),
    value: z.object({
      steps: z.array(
        z.object({
          rule: z.string(),
          key: z.string(),
          actions: z.array(z.looseObject({ do: z.string() })),
        }),
      ),
      faults: z.array(z.object({ rule: z.string(), key: z.string(), error: z.string() })),
    }),
  }),
  "model.get": define({
    mode: "query",
    roles: owner,
    summary: "Model settings, without the key",
    body: z.strictObject({}),
    value: modelSettingsSchema.nullable(),
  }),
  "model.set": define({
    mode: "command",
    roles: owner,
    summary: "Choose provider, key and models; a changed address clears the stored key",
    body: modelInput,
    value: modelSettingsSchema,
  }),
  "model.test": define({
    mode: "service",
    roles: owner,
    summary: "One small request with the stored or the given settings",
    body: modelInput.partial(),
    value: z.object({ model: z.string(), answer: z.string(), durationMs: z.number().int() }),
  }),
  "rig.add": define({
    mode: "command",
    roles: owner,
    summary: "Add a repository by URL or local path; its baseline runs at once",
    body: z
      .strictObject({
        name,
        remote: z.string().trim().min(1).max(1_000),
        ...rigSettings,
      })
      .partial()
      .required({ remote: true }),
    value: rigSchema,
  }),
  "rig.update": define({
    mode: "command",
    roles: owner,
    summary: "Change a rig's settings",
    body: z.strictObject({ rig: refSchema, version, set: z.strictObject(rigSettings).partial() }),
    value: rigSchema,
  }),
  "rig.recheck": define({
    mode: "command",
    roles: owner,
    summary: "Fetch the rig and run its baseline again",
    body: z.strictObject({ rig: refSchema }),
    value: rigSchema,
  }),
  "rig.remove": define({
    mode: "command",
    roles: owner,
    summary: "Remove a rig that has no unfinished bead",
    body: z.strictObject({ rig: refSchema }),
    value: z.object({ id: rigIdSchema }),
  }),
  "rig.list": define({
    mode: "query",
    roles: owner,
    summary: "All rigs",
    body: z.strictObject({}),
    value: z.array(rigSchema),
  }),
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
  "review.get": define({
    mode: "query",
    roles: owner,
    summary: "One review with its rounds and proof",
    body: z.strictObject({ review: refSchema }),
    value: reviewSchema,
  }),
  "review.decide": define({
    mode: "command",
    roles: owner,
    summary: "Decide a review that needs a person",
    body: z.strictObject({
      review: refSchema,
      version,
      verdict: z.enum(["approve", "request_changes"]),
      feedback: z.string().trim().max(8_000).default(""),
    }),
    value: reviewSchema,
  }),
  "run.get": define({
    mode: "query",
    roles: owner,
    summary: "One run",
    body: z.strictObject({ run: refSchema }),
    value: runSchema,
  }),
  "run.stop": define({
    mode: "command",
    roles: owner,
    summary: "Stop a run and save its work; counts as no attempt",
    body: z.strictObject({ run: refSchema }),
    value: runSchema,
  }),
  "run.events": define({
    mode: "query",
    roles: owner,
    summary: "The stored stream of a run from a sequence on",
    body: z.strictObject({
      run: refSchema,
      since: z.number().int().nonnegative().default(0),
      limit: z.number().int().min(1).max(STREAM_REPLAY_MAX).default(500),
    }),
    value: z.array(agentEventSchema),
  }),
  "agent.list": define({
    mode: "query",
    roles: owner,
    summary: "Agents, active first",
    body: z.strictObject({}),
    value: z.array(agentSchema),
  }),
  "mayor.say": define({
    mode: "command",
    roles: owner,
    summary: "Say something to the Mayor",
    body: z.strictObject({ text: z.string().trim().min(1).max(CHAT_CHARS_MAX) }),
    value: z.object({ messageId: beadIdSchema, turnId: turnIdSchema }),
  }),
  "escalation.acknowledge": define({
    mode: "command",
    roles: owner,
    summary: "Say that you have seen an escalation",
    body: z.strictObject({ escalation: refSchema }),
    value: z.object({ id: beadIdSchema }),
  }),
  "escalation.resolve": define({
    mode: "command",
    roles: owner,
    summary: "Close an escalation",
    body: z.strictObject({ escalation: refSchema, note: z.string().trim().max(2_000).default("") }),
    value: z.object({ id: beadIdSchema }),
  }),
  "token.create": define({
    mode: "service",
    roles: owner,
    summary: "A token with which a runner joins; shown once",
    body: z.strictObject({ role: z.literal("runner"), name: name.default("runner") }),
    value: z.object({ id: tokenIdSchema, token: z.string() }),
  }),
  "token.list": define({
    mode: "service",
    roles: owner,
    summary: "Tokens, without their secrets",
    body: z.strictObject({}),
    value: z.array(
      z.object({
        id: tokenIdSchema,
        role: z.enum(["owner", "runner"]),
        name: z.string(),
        createdAt: timestampSchema,
        revokedAt: timestampSchema.nullable(),
      }),
    ),
  }),
  "token.revoke": define({
    mode: "service",
    roles: owner,
    summary: "Make a token worthless and close its connections",
    body: z.strictObject({ id: tokenIdSchema }),
    value: z.object({ id: tokenIdSchema }),
  }),
  "login.create": define({
    mode: "service",
    roles: owner,
    summary: "A one-time login link, good for ten minutes",
    body: z.strictObject({}),
    value: z.object({ url: z.string(), expiresAt: timestampSchema }),
  }),
} as const satisfies Record<string, CommandDef>;

export type CommandName = keyof typeof commands;
/** What a caller may send (defaults not yet filled in). */
export type CommandInput<N extends CommandName> = z.input<(typeof commands)[N]["body"]>;
/** What the town works with, after parsing. */
export type CommandBody<N extends CommandName> = z.output<(typeof commands)[N]["body"]>;
export type CommandValue<N extends CommandName> = z.infer<(typeof commands)[N]["value"]>;

export const commandNames = Object.keys(commands) as [CommandName, ...CommandName[]];

export const idempotencyKeySchema = z.string().min(8).max(120);

/** A `command` frame on the socket. */
export const commandFrameSchema = z.strictObject({
  name: z.string().max(60),
  body: z.unknown(),
  key: idempotencyKeySchema.optional(),
});
export type CommandFrame = z.infer<typeof commandFrameSchema>;
