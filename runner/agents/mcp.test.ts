import { describe, expect, test } from "bun:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { refuse } from "../../protocol/error.ts";
import { openToolServer, TOOL_RESULT_CHARS_MAX, type ToolAnswer, type ToolServer } from "./mcp.ts";

type Call = { tool: string; args: Record<string, unknown>; terminal: boolean };

function open(answer: (tool: string) => ToolAnswer = () => ({ ok: true, next: "Go on." })): {
  server: ToolServer;
  url: string;
  calls: Call[];
  bugs: string[];
} {
  const calls: Call[] = [];
  const bugs: string[] = [];
  const server = openToolServer({
    runId: "r1",
    listen: { tcp: true },
    secret: "secret-1",
    role: "polecat",
    call: (tool, args, { terminal }) => {
      calls.push({ tool, args, terminal });
      return Promise.try(answer, tool);
    },
    onBug: (error, tool) => bugs.push(`${tool}: ${String(error)}`),
  });
  const url = "port" in server.address ? `http://127.0.0.1:${server.address.port}/mcp` : "";
  return { server, url, calls, bugs };
}

async function connect(url: string, secret = "secret-1"): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { Authorization: `Bearer ${secret}` } },
  });
  await client.connect(transport);
  return client;
}

function textOf(result: Awaited<ReturnType<Client["callTool"]>>): string {
  const [first] = result.content as { type: string; text: string }[];
  return first?.text ?? "";
}

const LIST = {
  method: "POST",
  body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
};
const HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};
const status = async (url: string, headers: Record<string, string>) =>
  (await fetch(url, { ...LIST, headers: { ...HEADERS, ...headers } })).status;

describe("tool server", () => {
  test("[C23] without the secret, with another run's, after the end: 401; from a page or a strange host: 403", async () => {
    const one = open();
    const own = { authorization: "Bearer secret-1" };
    expect(await status(one.url, own)).toBe(200);
    expect(await status(one.url, {})).toBe(401);
    expect(await status(one.url, { authorization: "Bearer secret-2" })).toBe(401);
    expect(await status(`${one.url}?token=secret-1`, {})).toBe(401);
    expect(await status(one.url, { ...own, origin: "http://127.0.0.1:4270" })).toBe(403);
    expect(await status(one.url, { ...own, host: "town.example" })).toBe(403);
    one.server.revoke();
    expect(await status(one.url, own)).toBe(401);
    await one.server.close();
    await expect(status(one.url, own)).rejects.toThrow();
    expect(one.calls).toEqual([]);
  });

  test("[C4] a role has its own tools only, and arguments are checked before anything happens", async () => {
    const { server, url, calls } = open();
    const client = await connect(url);
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual([
      "gt_prime",
      "gt_done",
      "gt_escalate",
      "gt_ask",
    ]);
    const foreign = await client.callTool({ name: "gt_sling", arguments: {} });
    expect(foreign.isError).toBe(true);
    expect(textOf(foreign)).toContain("gt_done");
    const wrong = await client.callTool({ name: "gt_done", arguments: { summary: 5, push: true } });
    expect(wrong.isError).toBe(true);
    expect(textOf(wrong)).toContain("nothing was done");
    expect(calls).toEqual([]);
    const right = await client.callTool({ name: "gt_done", arguments: { summary: "s" } });
    expect(right.isError).toBe(false);
    expect(calls).toEqual([{ tool: "gt_done", args: { summary: "s" }, terminal: true }]);
    await client.close();
    await server.close();
  });

  test("[C4] answers are phrased as the next safe action; long ones are cut; a bug is said without its inside", async () => {
    const { server, url, bugs } = open((tool) => {
      if (tool === "gt_prime")
        return { ok: true, value: "x".repeat(TOOL_RESULT_CHARS_MAX + 10), next: "Read on." };
      if (tool === "gt_done")
        return refuse("illegal_transition", "There is no change to hand over.");
      throw new Error("inner detail");
    });
    const client = await connect(url);
    const long = textOf(await client.callTool({ name: "gt_prime", arguments: {} }));
    expect(long).toContain("[cut: 10 characters more");
    expect(long.endsWith("Read on.")).toBe(true);
    const refused = await client.callTool({ name: "gt_done", arguments: { summary: "s" } });
    expect(textOf(refused)).toBe(
      "Refused (illegal_transition): There is no change to hand over.\nDo not repeat the same call.",
    );
    const bug = await client.callTool({
      name: "gt_escalate",
      arguments: { title: "t", body: "b", severity: "low" },
    });
    expect(textOf(bug)).not.toContain("inner detail");
    expect(bugs).toEqual(["gt_escalate: Error: inner detail"]);
    await client.close();
    await server.close();
  });
});
