/** Claude Code, by its adapter for the Agent Client Protocol. Pure. */
import { join } from "node:path";
import { portInside, type SandboxMode } from "../../sandbox/sandbox-spec.ts";
import { adapterLayout } from "../agent-program.ts";
import type { AgentSpec } from "../driver.ts";
import { BUILT_IN_TOOLS } from "../tools.ts";
import type { AcpProgram } from "./acp-program.ts";

const CONFIG_DIR = ".claude";
/** Its names for what a role may use of an agent's own tools. */
const TOOL_NAMES: Readonly<Record<string, string>> = {
  read: "Read",
  edit: "Edit",
  write: "Write",
  bash: "Bash",
  glob: "Glob",
  grep: "Grep",
};
/** Commits and pull requests carry the town's own trailers. */
const SETTINGS = {
  permissions: { defaultMode: "default" },
  attribution: { commit: "", pr: "" },
} as const;

export const CLAUDE_CODE: AcpProgram = {
  title: "Claude Code",
  layout: adapterLayout("claude-agent-acp", "@agentclientprotocol/claude-agent-acp"),
  arguments: [],
  environment,
  files: () => ({ [`${CONFIG_DIR}/settings.json`]: JSON.stringify(SETTINGS) }),
  sessionMeta: ({ role, runId }) => ({
    claudeCode: {
      options: {
        // Without one it asks the model for a title.
        title: `Run ${runId}`,
        // Settings of the repository are foreign text.
        settingSources: [],
        settings: SETTINGS,
        tools: BUILT_IN_TOOLS[role].flatMap((name) => TOOL_NAMES[name] ?? []),
        promptSuggestions: false,
        allowDangerouslySkipPermissions: false,
      },
    },
  }),
};

/** Everything that phones home, updates or asks for more than the run's models is off. */
function environment(spec: AgentSpec, mode: SandboxMode): Record<string, string> {
  const { home, gateway, model, smallModel } = spec;
  return {
    CLAUDE_CONFIG_DIR: join(home, CONFIG_DIR),
    // It adds /v1 itself.
    ANTHROPIC_BASE_URL: `http://127.0.0.1:${portInside(mode, gateway.reachable)}`,
    ANTHROPIC_AUTH_TOKEN: gateway.token,
    ANTHROPIC_MODEL: model,
    ANTHROPIC_DEFAULT_FABLE_MODEL: model,
    ANTHROPIC_DEFAULT_OPUS_MODEL: model,
    ANTHROPIC_DEFAULT_SONNET_MODEL: model,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: smallModel,
    ANTHROPIC_SMALL_FAST_MODEL: smallModel,
    CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS: "1",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION: "false",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_ERROR_REPORTING: "1",
    DISABLE_TELEMETRY: "1",
    NO_BROWSER: "1",
  };
}
