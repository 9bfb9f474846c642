/** What a rig's people give its runs beside the repository: variables, secrets, files, ports, words. */
import { z } from "zod";
import { COMMAND_LINE_CHARS_MAX } from "../limits.ts";

export const VARIABLES_MAX = 50;
export const VARIABLE_CHARS_MAX = 4_000;
export const SECRETS_MAX = 20;
export const SECRET_CHARS_MAX = 16_000;
export const INSTRUCTIONS_CHARS_MAX = 4_000;
export const COPIES_MAX = 20;
export const PORTS_MAX = 20;
export const TOOL_SERVERS_MAX = 5;

/** Set by the sandbox, by the agent's program or by the loader: a rig's value would break or undo what isolates. */
const RESERVED: ReadonlySet<string> = new Set(
  "PATH HOME USER SHELL TERM TMPDIR LANG PWD OLDPWD CI PORT ENV IFS BASH_ENV SSH_AUTH_SOCK SSH_ASKPASS".split(
    " ",
  ),
);
const RESERVED_SHAPE =
  /^(LC_|LD_|DYLD_|XDG_|GIT_|BUN_|GASTOWN_|KILO_|OPENCODE_|CODEX_|CLAUDE_|ANTHROPIC_|OPENAI_)|_PROXY$/i;

/** Why a rig may not set this variable, as a sentence; null when it may. */
export function reservedVariable(name: string): string | null {
  if (!RESERVED.has(name.toUpperCase()) && !RESERVED_SHAPE.test(name)) return null;
  return `${name} is set by the town or read by the agents' programs, so a rig cannot set it: choose another name`;
}

export const variableNameSchema = z
  .string()
  .max(100)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be letters, digits and _, and begin with no digit")
  .superRefine((name, context) => {
    const message = reservedVariable(name);
    if (message !== null) context.addIssue({ code: "custom", message });
  });

const variableValue = z
  .string()
  .max(VARIABLE_CHARS_MAX)
  .refine((text) => !text.includes("\0"), "must hold no zero byte");

export const variablesSchema = z
  .record(variableNameSchema, variableValue)
  .refine((all) => Object.keys(all).length <= VARIABLES_MAX, `must be ${VARIABLES_MAX} at most`);

/** A path below the top of a tree, which leads nowhere else and into no repository. */
const treePath = z
  .string()
  .trim()
  .min(1)
  .max(300)
  .refine(
    (path) =>
      !path.startsWith("/") &&
      !/[\0\n\r\\]/.test(path) &&
      path
        .split("/")
        .every((part) => part !== "" && part !== "." && part !== ".." && !/^\.git$/i.test(part)),
    "must be a path inside the tree, such as config/local.env",
  );

/** A file of the runner's host that is put into each tree. */
export const copySchema = z.strictObject({
  from: z
    .string()
    .trim()
    .max(1_000)
    .regex(/^\/[^\0\n\r]+$/, "must be an absolute path on the runner's host"),
  to: treePath,
});
export type CopiedFile = z.infer<typeof copySchema>;

export const copiesSchema = z
  .array(copySchema)
  .max(COPIES_MAX)
  .refine((all) => new Set(all.map(({ to }) => to)).size === all.length, "one goes over another");

const words = z.string().trim().max(INSTRUCTIONS_CHARS_MAX).nullable();
/** What a rig's people tell every agent of a role; null: nothing. */
export const instructionsSchema = z.strictObject({ polecat: words, refinery: words });

/** Names that would be taken for the town's own tools, or for an agent's. */
const RESERVED_SERVER = /^(gastown|gt|town|mcp|kilo|opencode|claude|codex)(-|$)/;

export const toolServerNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,19}$/, "must be 20 small letters, digits and - at most")
  .refine((name) => !RESERVED_SERVER.test(name), "is a name of the town's or of agents' programs");

const servers = z
  .record(toolServerNameSchema, z.string().trim().min(1).max(COMMAND_LINE_CHARS_MAX))
  .refine(
    (all) => Object.keys(all).length <= TOOL_SERVERS_MAX,
    `must be ${TOOL_SERVERS_MAX} at most`,
  );
/** Own MCP servers of agents by role: what is started beside each agent, in its sandbox, by its name. */
export const toolServersSchema = z.strictObject({ polecat: servers, refinery: servers });

/** What `rig.add` and `rig.update` take; secrets have a command of their own. */
export const environmentSettings = {
  variables: variablesSchema,
  instructions: instructionsSchema.partial(),
  toolServers: toolServersSchema.partial(),
  copies: copiesSchema,
  ports: z.number().int().min(0).max(PORTS_MAX),
  teardown: z.string().trim().max(COMMAND_LINE_CHARS_MAX).nullable(),
};

const secretUse = z.object({
  name: z.string(),
  /** Gates are given it as well, not the setup and the teardown alone. */
  gates: z.boolean(),
});

const namedLines = z.record(z.string(), z.string());
const given = {
  variables: z.record(z.string(), z.string()),
  instructions: z.object({ polecat: z.string().nullable(), refinery: z.string().nullable() }),
  toolServers: z
    .object({ polecat: namedLines, refinery: namedLines })
    .default({ polecat: {}, refinery: {} }),
  copies: z.array(z.object({ from: z.string(), to: z.string() })),
  ports: z.number().int(),
  teardown: z.string().nullable(),
  /** Rises with each change that setup or gates may feel. */
  version: z.number().int(),
};

/** As people see it: of a secret its end at most. */
export const rigEnvironmentSchema = z.object({
  ...given,
  secrets: z.array(secretUse.extend({ tail: z.string() })),
});
export type RigEnvironment = z.infer<typeof rigEnvironmentSchema>;

/** As a run is offered it: secrets by name, their values are asked for. */
export const runEnvironmentSchema = z.object({ ...given, secrets: z.array(secretUse) });
export type RunEnvironment = z.infer<typeof runEnvironmentSchema>;

export const NO_ENVIRONMENT: RigEnvironment = {
  variables: {},
  instructions: { polecat: null, refinery: null },
  toolServers: { polecat: {}, refinery: {} },
  copies: [],
  ports: 0,
  teardown: null,
  secrets: [],
  version: 0,
};

/** Ports of a run that are its own on its host. */
export const portBlockSchema = z.object({
  first: z.number().int().min(1).max(65_535),
  count: z.number().int().min(1).max(PORTS_MAX),
});
export type PortBlock = z.infer<typeof portBlockSchema>;
