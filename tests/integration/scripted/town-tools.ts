import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { z } from "zod";

export interface ToolUseSeen {
  readonly name: string;
  readonly arguments: unknown;
}

export interface TownTools {
  readonly url: string;
  readonly seen: readonly ToolUseSeen[];
  stop(): Promise<void>;
}

/** The rig that `gt_rigs` tells of. */
export const RIG_ID = "rg_0123456789abcdefghjkmnpqrs";

/** A real MCP server with the tools that the scripts call; it notes each call and answers plainly. */
export function startTownTools(): TownTools {
  const seen: ToolUseSeen[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
      await toolServer(seen).connect(transport);
      return transport.handleRequest(request);
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/mcp`,
    seen,
    async stop() {
      await server.stop(true);
    },
  };
}

function toolServer(seen: ToolUseSeen[]): McpServer {
  const server = new McpServer({ name: "gastown", version: "0.0.0" });
  const add = (name: string, shape: z.ZodRawShape, answer: unknown) => {
    server.registerTool(
      name,
      { description: `The town's ${name}`, inputSchema: shape },
      (args: unknown) => {
        seen.push({ name, arguments: args });
        return { content: [{ type: "text" as const, text: JSON.stringify(answer) }] };
      },
    );
  };
  const task = z.strictObject({
    key: z.string(),
    title: z.string(),
    body: z.string(),
    depends_on: z.array(z.string()).optional(),
  });
  const comment = z.strictObject({ file: z.string(), line: z.number(), body: z.string() });
  add("gt_prime", {}, { bead: { title: "t", body: "b" }, gates: [] });
  add("gt_done", { summary: z.string(), no_changes_reason: z.string().optional() }, { ok: true });
  add(
    "gt_verdict",
    {
      verdict: z.enum(["approve", "request_changes", "cannot_decide"]),
      summary: z.string(),
      comments: z.array(comment).optional(),
    },
    { ok: true },
  );
  add("gt_rigs", {}, { rigs: [{ id: RIG_ID, name: "sample" }] });
  add("gt_sling", { rig: z.string(), title: z.string(), body: z.string() }, { bead: "bd_1" });
  add(
    "gt_sling_convoy",
    { rig: z.string(), title: z.string(), tasks: z.array(task), parallel: z.boolean().optional() },
    { convoy: "cv_1" },
  );
  return server;
}
