/** Codex, by its adapter for the Agent Client Protocol. Pure. */
import { join } from "node:path";
import { portInside, type SandboxMode } from "../../sandbox/sandbox-spec.ts";
import { adapterLayout } from "../agent-program.ts";
import type { AgentSpec } from "../driver.ts";
import { PROVIDER_ID } from "../kilo/kilo-config.ts";
import type { AcpProgram } from "./acp-program.ts";

const CONFIG_DIR = ".codex";
const TOKEN_VARIABLE = "GASTOWN_MODEL_TOKEN";

export const CODEX: AcpProgram = {
  title: "Codex",
  layout: adapterLayout("codex-acp", "@agentclientprotocol/codex-acp"),
  arguments: [],
  environment,
  // Its home has to be there.
  files: () => ({ [`${CONFIG_DIR}/config.toml`]: "" }),
};

/** Everything that phones home, updates or searches is off. The run's sandbox is the wall, so it needs none of its own. */
function environment(spec: AgentSpec, mode: SandboxMode): Record<string, string> {
  const { home, gateway, model } = spec;
  const config = {
    model,
    model_provider: PROVIDER_ID,
    model_providers: {
      [PROVIDER_ID]: {
        name: "Model gateway of the town",
        base_url: `http://127.0.0.1:${portInside(mode, gateway.reachable)}/v1`,
        wire_api: "responses",
        env_key: TOKEN_VARIABLE,
        requires_openai_auth: false,
      },
    },
    web_search: "disabled",
    check_for_update_on_startup: false,
    analytics: { enabled: false },
    otel: { exporter: "none" },
  };
  return {
    CODEX_HOME: join(home, CONFIG_DIR),
    CODEX_CONFIG: JSON.stringify(config),
    MODEL_PROVIDER: PROVIDER_ID,
    INITIAL_AGENT_MODE: "agent-full-access",
    [TOKEN_VARIABLE]: gateway.token,
    NO_BROWSER: "1",
  };
}
