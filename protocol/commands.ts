/**
 * Everything that may be asked of a town, by browser, CLI and HTTP alike. `mode` command changes
 * state and is acknowledged after the commit; query reads; service talks to the outside and changes
 * nothing by itself. `roles` is the authorisation table: what is not named is refused.
 */
import { z } from "zod";
import { attentionCommands } from "./commands/attention.ts";
import { beadCommands } from "./commands/bead.ts";
import { deliverySchema } from "./bead.ts";
import { define, name, owner, version, type CommandDef } from "./commands/command-def.ts";
import { credentialCommands } from "./commands/credential.ts";
import { convoyCommands } from "./commands/convoy.ts";
import { explainCommands } from "./commands/explain.ts";
import { limitCommands } from "./commands/limits.ts";
import { moleculeCommands } from "./commands/molecule.ts";
import { authorCommands } from "./commands/author.ts";
import { programCommands } from "./commands/program.ts";
import { runnerCommands } from "./commands/runner.ts";
import { settingCommands } from "./commands/settings.ts";
import { trashCommands } from "./commands/trash.ts";
import { beadIdSchema, refSchema, tokenIdSchema, turnIdSchema } from "./ids.ts";
import { CHAT_CHARS_MAX, COMMAND_LINE_CHARS_MAX, GATES_MAX, STREAM_REPLAY_MAX } from "./limits.ts";
import { gateSchema } from "./gate.ts";
import { reviewSchema } from "./review.ts";
import {
  agentSchema,
  modelPricesSchema,
  modelSettingsSchema,
  rigSchema,
  runnerSchema,
  runSchema,
  townSchema,
} from "./run.ts";
import { BROWSE_FILE_BYTES_MAX, browsedSchema, browseWishSchema } from "./entities/browse.ts";
import {
  environmentSettings,
  SECRET_CHARS_MAX,
  variableNameSchema,
} from "./entities/rig-environment.ts";
import { egressSchema } from "./entities/egress.ts";
import { lfsPolicySchema } from "./entities/lfs.ts";
import { runnerLabelsSchema, runnerRightsSchema } from "./entities/runner-rights.ts";
import { savedPlaceSchema } from "./entities/saved-work.ts";
import { agentEventSchema } from "./stream.ts";
import { timestampSchema } from "./time.ts";

const branch = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^(?!-)(?!.*\.\.)(?!.*[~^:?*[\\\s])[^/].*[^/.]$|^[A-Za-z0-9]$/, "must be a branch name");
const rigSettings = {
  target: branch,
  delivery: deliverySchema,
  codeReview: z.boolean(),
  savedWork: savedPlaceSchema,
  gates: z.array(gateSchema).max(GATES_MAX),
  setup: z.string().trim().max(COMMAND_LINE_CHARS_MAX).nullable(),
  egress: egressSchema,
  lfs: lfsPolicySchema,
  slots: z.number().int().min(1).max(64),
  /** Only runners with all of these work on it. */
  labels: runnerLabelsSchema,
  isolationConfirmed: z.boolean(),
  directMergeConfirmed: z.boolean(),
  ...environmentSettings,
};

const modelInput = z.strictObject({
  provider: z.enum(["kilo", "openai-compatible"]),
  baseUrl: z.url({ protocol: /^https?$/ }).max(500),
  key: z.string().max(4_000).optional(),
  model: z.string().trim().min(1).max(200),
  smallModel: z.string().trim().min(1).max(200).optional(),
  fallbackModel: z.string().trim().max(200).nullable().optional(),
  /** Replaces the table of prices; left out, it stays. */
  prices: modelPricesSchema.optional(),
  roles: z
    .strictObject({
      mayor: z.string().trim().max(200).nullable(),
      polecat: z.string().trim().max(200).nullable(),
      refinery: z.string().trim().max(200).nullable(),
      triage: z.string().trim().max(200).nullable(),
    })
    .partial()
    .optional(),
});

export const commands = {
  ...beadCommands,
  ...convoyCommands,
  ...explainCommands,
  ...limitCommands,
  ...moleculeCommands,
  ...authorCommands,
  ...programCommands,
  ...runnerCommands,
  ...settingCommands,
  ...trashCommands,
  ...credentialCommands,
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
  "rig.secret": define({
    mode: "command",
    roles: owner,
    summary: "Give a rig's setup, and its gates if wished, a secret; null takes it away",
    body: z.strictObject({
      rig: refSchema,
      name: variableNameSchema,
      value: z.string().min(1).max(SECRET_CHARS_MAX).nullable(),
      gates: z.boolean().default(false),
    }),
    value: rigSchema,
  }),
  "rig.recheck": define({
    mode: "command",
    roles: owner,
    summary: "Fetch the rig and run its baseline again",
    body: z.strictObject({ rig: refSchema }),
    value: rigSchema,
  }),
  "rig.list": define({
    mode: "query",
    roles: owner,
    summary: "All rigs",
    body: z.strictObject({}),
    value: z.array(rigSchema),
  }),
  "rig.browse": define({
    mode: "service",
    roles: owner,
    summary:
      "What is in a rig's repository at a branch or commit: a folder, a file, or its commits",
    body: z.strictObject({
      rig: refSchema,
      ...browseWishSchema.shape,
      ref: browseWishSchema.shape.ref.default(null),
      path: browseWishSchema.shape.path.default(""),
      offset: browseWishSchema.shape.offset.default(0),
      bytes: browseWishSchema.shape.bytes.default(BROWSE_FILE_BYTES_MAX),
      commits: browseWishSchema.shape.commits.default(0),
      fetch: browseWishSchema.shape.fetch.default(false),
    }),
    value: browsedSchema,
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
    summary: "Agents that have not retired, active first",
    body: z.strictObject({}),
    value: z.array(agentSchema),
  }),
  "agent.reset": define({
    mode: "command",
    roles: owner,
    summary: "Take an agent off its run, with the work saved; its bead goes on with another run",
    body: z.strictObject({ agent: refSchema, version }),
    value: agentSchema,
  }),
  "agent.retire": define({
    mode: "command",
    roles: owner,
    summary: "Let an idle agent work no more; what refers to it stays",
    body: z.strictObject({ agent: refSchema, version }),
    value: agentSchema,
  }),
  "mayor.say": define({
    mode: "command",
    roles: owner,
    summary: "Say something to the Mayor",
    body: z.strictObject({ text: z.string().trim().min(1).max(CHAT_CHARS_MAX) }),
    value: z.object({ messageId: beadIdSchema, turnId: turnIdSchema }),
  }),
  "mayor.wake": define({
    mode: "command",
    roles: owner,
    summary: "Have the Mayor up before something is said to him; nothing is asked of the model",
    body: z.strictObject({}),
    value: z.object({ isUp: z.boolean() }),
  }),
  ...attentionCommands,
  "token.create": define({
    mode: "service",
    roles: owner,
    summary: "A token with which a runner joins; shown once",
    body: z.strictObject({
      role: z.literal("runner"),
      name: name.default("runner"),
      /** What its runner may be given; none unless said. */
      rights: runnerRightsSchema.default([]),
    }),
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
        /** When a runner joined with it: it lets in no other. */
        joinedAt: timestampSchema.nullable(),
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
