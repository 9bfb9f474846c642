import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createKiloClient } from "@kilocode/sdk/v2";
import { findKilo } from "./kilo-binary.ts";

const ROLE_TOOLS = {
  polecat: ["read", "edit", "bash", "glob", "grep", "gastown_*"],
  refinery: ["read", "glob", "grep", "gastown_*"],
  mayor: ["gastown_*"],
} as const;

export interface KiloServer {
  readonly client: ReturnType<typeof createKiloClient>;
  stop(): Promise<void>;
}

/** A real `kilo serve` on `tree`, its model at `modelUrl`, its tools of the town at `mcpUrl`. */
export async function startKilo({
  tree,
  home,
  modelUrl,
  mcpUrl,
}: {
  tree: string;
  home: string;
  modelUrl: string;
  mcpUrl: string;
}): Promise<KiloServer> {
  await mkdir(join(home, "tmp"), { recursive: true });
  const password = crypto.randomUUID();
  const child = Bun.spawn([findKilo(), "serve", "--hostname=127.0.0.1", "--port=0"], {
    cwd: tree,
    env: environment(home, password, configOf(modelUrl, mcpUrl)),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const reader = child.stdout.getReader();
  let said = "";
  let url: string | undefined;
  while (!url) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`kilo ended before it listened: ${said}`);
    said += new TextDecoder().decode(value);
    url = /listening on (http:\/\/\S+)/.exec(said)?.[1];
  }
  const headers = { Authorization: `Basic ${btoa(`kilo:${password}`)}` };
  return {
    client: createKiloClient({ baseUrl: url, directory: tree, headers }),
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}

function configOf(modelUrl: string, mcpUrl: string): object {
  const limit = { context: 100_000, output: 8_000 };
  const provider = {
    npm: "@ai-sdk/openai-compatible",
    name: "town",
    options: { baseURL: modelUrl, apiKey: "k" },
    models: { big: { name: "big", limit, tool_call: true }, small: { name: "small", limit } },
  };
  const agent = Object.fromEntries(
    Object.entries(ROLE_TOOLS).map(([role, tools]) => [
      role,
      {
        mode: "primary",
        prompt: `You work for a town.\nRole: ${role}\n`,
        permission: { "*": "deny", ...Object.fromEntries(tools.map((tool) => [tool, "allow"])) },
      },
    ]),
  );
  return {
    snapshot: false,
    lsp: false,
    formatter: false,
    share: "disabled",
    model: "town/big",
    small_model: "town/small",
    provider: { town: provider },
    agent,
    mcp: { gastown: { type: "remote", url: mcpUrl, enabled: true } },
  };
}

function environment(home: string, password: string, config: object): Record<string, string> {
  const switches = [
    "KILO_DISABLE_MODELS_FETCH",
    "KILO_DISABLE_AUTOUPDATE",
    "KILO_DISABLE_SESSION_INGEST",
    "KILO_DISABLE_LSP_DOWNLOAD",
    "KILO_DISABLE_DEFAULT_PLUGINS",
    "KILO_PURE",
    "KILO_FAST_BOOT",
    "KILO_DISABLE_CODEBASE_INDEXING",
    "KILO_DISABLE_EXTERNAL_SKILLS",
    "KILO_DISABLE_CLAUDE_CODE",
    "KILO_EXPERIMENTAL_DISABLE_FILEWATCHER",
    "KILO_NO_DAEMON",
  ];
  return {
    PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
    HOME: home,
    KILO_TEST_HOME: home,
    XDG_DATA_HOME: join(home, ".local/share"),
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_STATE_HOME: join(home, ".local/state"),
    XDG_CACHE_HOME: join(home, ".cache"),
    TMPDIR: join(home, "tmp"),
    KILO_SERVER_PASSWORD: password,
    KILO_PARENT_PID: String(process.pid),
    KILO_CONFIG_CONTENT: JSON.stringify(config),
    KILO_CLIENT: "sdk",
    KILO_TELEMETRY_LEVEL: "off",
    ...Object.fromEntries(switches.map((name) => [name, "1"])),
  };
}
