// What the scripted agent can use: a shell in its tree, and the tools of the servers that its session names.
import type { McpServer } from "@agentclientprotocol/sdk";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { z } from "zod";

export interface AgentTool {
  name: string;
  description: string;
  parameters: unknown;
  /** Ends early when `signal` is aborted. */
  call(input: Record<string, unknown>, signal: AbortSignal): Promise<{ ok: boolean; text: string }>;
}

const CALL_TIMEOUT_MS = 120_000;
const shellSchema = z.object({ command: z.string() });

export async function openTools(servers: readonly McpServer[], cwd: string): Promise<AgentTool[]> {
  const offered = await Promise.all(servers.map(serverTools));
  return [shell(cwd), ...offered.flat()];
}

function shell(cwd: string): AgentTool {
  return {
    name: "bash",
    description: "Runs a command in the tree.",
    parameters: z.toJSONSchema(shellSchema),
    async call(input, signal) {
      const { command } = shellSchema.parse(input);
      const child = Bun.spawn(["sh", "-c", command], {
        cwd,
        stdio: ["ignore", "pipe", "pipe"],
        signal,
      });
      const [stdout, stderr, code] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      return { ok: code === 0, text: `${stdout}${stderr}` };
    },
  };
}

async function serverTools(server: McpServer): Promise<AgentTool[]> {
  if (!("url" in server)) throw new Error(`${server.name} is no server over HTTP`);
  const headers = Object.fromEntries(server.headers.map(({ name, value }) => [name, value]));
  const client = new Client({ name: "scripted", version: "1" });
  const transport = new StreamableHTTPClientTransport(new URL(server.url), {
    requestInit: { headers },
  });
  await client.connect(transport);
  const { tools } = await client.listTools();
  return tools.map((tool) => ({
    name: `${server.name}_${tool.name}`,
    description: tool.description ?? "",
    parameters: tool.inputSchema,
    async call(input, signal) {
      const answer = await client.callTool({ name: tool.name, arguments: input }, undefined, {
        signal,
        timeout: CALL_TIMEOUT_MS,
      });
      const parts = answer.content as { type: string; text?: string }[];
      const text = parts.map((part) => part.text ?? "").join("\n");
      return { ok: answer.isError !== true, text };
    },
  }));
}
