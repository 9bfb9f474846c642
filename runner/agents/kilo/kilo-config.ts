/** kilo's configuration and environment for one run. Pure. */
import type { Config } from "@kilocode/sdk/v2/client";
import { portInside, type SandboxMode } from "../../sandbox/sandbox-spec.ts";
import type { AgentSpec, RigServer } from "../driver.ts";
import { shellCommand } from "../driver-parts.ts";
import { BUILT_IN_TOOLS, TOOL_SERVER_NAME } from "../tools.ts";

/** Name of the provider the gateway plays. */
export const PROVIDER_ID = "town";
/** A tool call may wait for the town. */
const TOOL_TIMEOUT_MS = 120_000;
/** For its start and for each call; one that hangs must not cost the agent its own start. */
const RIG_SERVER_TIMEOUT_MS = 30_000;
/** Without it kilo assumes a window and compacts by it; providers refuse what is really too long. */
export const CONTEXT_TOKENS = 200_000;
const OUTPUT_TOKENS = 32_000;

const NO_MODEL_FEATURES = {
  reasoning: true,
  tool_call: true,
  temperature: true,
  attachment: false,
} as const;

/** The role's tools only; last matching rule wins. */
export function kiloConfig(spec: AgentSpec, mode: SandboxMode): Config {
  const builtIn = Object.fromEntries(
    BUILT_IN_TOOLS[spec.role].map((name) => [name === "write" ? "edit" : name, "allow" as const]),
  );
  return {
    model: `${PROVIDER_ID}/${spec.model}`,
    small_model: `${PROVIDER_ID}/${spec.smallModel}`,
    enabled_providers: [PROVIDER_ID],
    provider: { [PROVIDER_ID]: provider(spec, mode) },
    default_agent: spec.role,
    agent: {
      [spec.role]: {
        mode: "primary",
        prompt: spec.prompt,
        permission: {
          "*": "deny",
          ...builtIn,
          ...Object.fromEntries(spec.servers.map(({ name }) => [`${name}_*`, "allow" as const])),
          [`${TOOL_SERVER_NAME}_*`]: "allow",
          external_directory: "deny",
          doom_loop: "allow",
        },
      },
      title: { disable: true },
    },
    mcp: {
      ...Object.fromEntries(spec.servers.map((server) => [server.name, started(server)])),
      [TOOL_SERVER_NAME]: {
        type: "remote",
        url: `http://127.0.0.1:${portInside(mode, spec.tools.reachable)}/mcp`,
        headers: { Authorization: `Bearer ${spec.tools.secret}` },
        oauth: false,
        timeout: TOOL_TIMEOUT_MS,
      },
    },
    snapshot: false,
    lsp: false,
    formatter: false,
    share: "disabled",
    autoupdate: false,
  };
}

function started({ line }: RigServer) {
  return { type: "local" as const, command: shellCommand(line), timeout: RIG_SERVER_TIMEOUT_MS };
}

function provider(spec: AgentSpec, mode: SandboxMode) {
  const limit = { context: CONTEXT_TOKENS, output: OUTPUT_TOKENS };
  const models = [...new Set([spec.model, spec.smallModel])].map((id) => [
    id,
    { name: id, limit, ...NO_MODEL_FEATURES },
  ]);
  return {
    npm: "@ai-sdk/openai-compatible",
    name: "Model gateway of the town",
    options: {
      baseURL: `http://127.0.0.1:${portInside(mode, spec.gateway.reachable)}/v1`,
      apiKey: spec.gateway.token,
      // The run's own ladder judges silence.
      timeout: false as const,
    },
    models: Object.fromEntries(models),
  };
}

/** Everything that phones home, downloads, watches or indexes is off, and so is the repository's own configuration. */
export const kiloQuiet = {
  KILO_DISABLE_PROJECT_CONFIG: "1",
  KILO_DISABLE_MODELS_FETCH: "1",
  KILO_DISABLE_AUTOUPDATE: "1",
  KILO_DISABLE_SHARE: "1",
  KILO_DISABLE_SESSION_INGEST: "1",
  KILO_DISABLE_LSP_DOWNLOAD: "1",
  KILO_DISABLE_DEFAULT_PLUGINS: "1",
  KILO_DISABLE_CODEBASE_INDEXING: "1",
  KILO_DISABLE_EXTERNAL_SKILLS: "1",
  KILO_DISABLE_CLAUDE_CODE: "1",
  KILO_DISABLE_PRESENCE: "1",
  KILO_DISABLE_EMBEDDED_WEB_UI: "1",
  KILO_EXPERIMENTAL_DISABLE_FILEWATCHER: "1",
  KILO_TELEMETRY_LEVEL: "off",
  KILO_PURE: "1",
  KILO_FAST_BOOT: "1",
  KILO_NO_DAEMON: "1",
} as const;

/**
 * Environment on top of the sandbox's own. Everything that phones home, downloads, watches or indexes is off, and
 * the repository's own kilo configuration is not read: it is foreign text. KILO_PARENT_PID stays unset: in a PID
 * namespace kilo takes the pid for a dead parent and leaves.
 */
export function kiloEnvironment(
  spec: AgentSpec,
  mode: SandboxMode,
  password: string,
): Record<string, string> {
  const { home } = spec;
  return {
    KILO_TEST_HOME: home,
    XDG_DATA_HOME: `${home}/.local/share`,
    XDG_CONFIG_HOME: `${home}/.config`,
    XDG_STATE_HOME: `${home}/.local/state`,
    XDG_CACHE_HOME: `${home}/.cache`,
    KILO_SERVER_PASSWORD: password,
    KILO_CONFIG_CONTENT: JSON.stringify(kiloConfig(spec, mode)),
    KILO_CLIENT: "sdk",
    ...kiloQuiet,
  };
}
