/** OpenCode: kilo is made from it, so the same configuration keeps it to its role. Pure. */
import { homedir } from "node:os";
import { join } from "node:path";
import type { SandboxMode } from "../../sandbox/sandbox-spec.ts";
import type { AgentSpec } from "../driver.ts";
import { kiloConfig } from "../kilo/kilo-config.ts";
import type { AcpProgram } from "./acp-program.ts";

export const OPENCODE: AcpProgram = {
  title: "OpenCode",
  layout: {
    command: "opencode",
    package: { platform: `opencode-${process.platform}-${process.arch}` },
    homes: [join(homedir(), ".opencode", "bin", "opencode")],
    advice: "Install opencode-ai on the runner's host.",
  },
  arguments: ["acp"],
  environment,
};

/** Everything that phones home, downloads, watches or reads the repository's own configuration is off. */
function environment(spec: AgentSpec, mode: SandboxMode): Record<string, string> {
  const { home } = spec;
  // The town's tools come with the session.
  const { mcp: _, ...config } = kiloConfig(spec, mode);
  return {
    OPENCODE_TEST_HOME: home,
    XDG_DATA_HOME: `${home}/.local/share`,
    XDG_CONFIG_HOME: `${home}/.config`,
    XDG_STATE_HOME: `${home}/.local/state`,
    XDG_CACHE_HOME: `${home}/.cache`,
    OPENCODE_CONFIG_CONTENT: JSON.stringify(config),
    OPENCODE_DISABLE_PROJECT_CONFIG: "1",
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_SHARE: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
    OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
    OPENCODE_DISABLE_EXTERNAL_SKILLS: "1",
    OPENCODE_DISABLE_CLAUDE_CODE: "1",
    OPENCODE_DISABLE_EMBEDDED_WEB_UI: "1",
    OPENCODE_EXPERIMENTAL_DISABLE_FILEWATCHER: "1",
    OPENCODE_PURE: "1",
    OPENCODE_FAST_BOOT: "1",
  };
}
