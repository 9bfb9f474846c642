import { expect, test } from "bun:test";
import { connectAcp, type AcpConnection } from "./acp-connection.ts";
import type { AcpUpdate } from "./acp-wire.ts";

type Asked = { id?: number; method?: string; params?: Record<string, unknown>; result?: unknown };

/** A connection whose agent answers as `play` says. */
async function connected(play: (asked: Asked, say: (message: object) => void) => void) {
  const asked: Asked[] = [];
  const updates: AcpUpdate[] = [];
  const say = (message: object) =>
    connection.receive(JSON.stringify({ jsonrpc: "2.0", ...message }));
  const connection: AcpConnection = await connectAcp({
    send: (line) => {
      const message = JSON.parse(line) as Asked;
      asked.push(message);
      play(message, say);
    },
    onUpdate: (update) => updates.push(update),
    onPermission: () => ({ outcome: "selected", optionId: "once" }),
  });
  return { connection, asked, updates, say };
}

const greeting = {
  protocolVersion: 1,
  agentCapabilities: { mcpCapabilities: { http: true } },
};
const tools = { name: "gastown", url: "http://127.0.0.1:1/mcp", authorization: "Bearer s" };
const chunk = (text: string, sessionId = "s1") => ({
  method: "session/update",
  params: {
    sessionId,
    update: { sessionUpdate: "agent_message_chunk", content: { type: "text", text } },
  },
});

const session = {
  servers: [],
  cwd: "/tree",
  prompt: "You are a polecat.",
  meta: null,
  tools,
};

function answers({ id, method }: Asked, say: (message: object) => void): void {
  if (method === "initialize") say({ id, result: greeting });
  if (method === "session/new") say({ id, result: { sessionId: "s1" } });
}

test("[C19] an agent is offered no files and no terminals, and gets the town's tools with its session", async () => {
  const { connection, asked } = await connected(answers);
  expect(await connection.greet()).toEqual({ ok: true, value: undefined });
  expect(await connection.openSession(session)).toEqual({ ok: true, value: undefined });
  expect(asked.map(({ params }) => params)).toMatchObject([
    { clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false } },
    { cwd: "/tree", mcpServers: [{ type: "http", name: "gastown", url: tools.url }] },
  ]);
});

test("[C25] servers of the rig go to the agent as commands for it to start, before the town's", async () => {
  const { connection, asked } = await connected(answers);
  await connection.greet();
  await connection.openSession({
    ...session,
    servers: [{ name: "rig-docs", line: "node docs.js" }],
  });
  const docs = { name: "rig-docs", command: "/bin/sh", args: ["-c", "node docs.js"], env: [] };
  expect(asked[1]?.params).toMatchObject({ mcpServers: [docs, { name: "gastown" }] });
});

test("[C19] an agent that takes its role with its session gets it there, instead of its own words where it can", async () => {
  const asks = async (systemPrompt: object | null, meta: Record<string, unknown> | null) => {
    const capabilities = { ...greeting.agentCapabilities, sessionCapabilities: { systemPrompt } };
    const { connection, asked } = await connected(({ id, method }, say) => {
      if (method === "initialize")
        say({ id, result: { ...greeting, agentCapabilities: capabilities } });
      else say({ id, result: { sessionId: "s1" } });
    });
    await connection.greet();
    await connection.openSession({ ...session, meta });
    return asked[1]?.params;
  };
  const content = [{ type: "text", text: session.prompt }];
  expect(await asks({ mode: { override: {} } }, { own: 1 })).toMatchObject({
    systemPrompt: { mode: "override", content },
    _meta: { own: 1 },
  });
  expect(await asks({}, null)).toMatchObject({ systemPrompt: { mode: "append", content } });
  const plain = await asks(null, null);
  expect(plain).not.toHaveProperty("systemPrompt");
  expect(plain).not.toHaveProperty("_meta");
});

test("[C19] an agent of another version, or without tools over HTTP, is unsupported", async () => {
  const greets = async (result: object) => {
    const { connection } = await connected(({ id }, say) => say({ id, result }));
    return connection.greet();
  };
  expect(await greets({ ...greeting, protocolVersion: 2 })).toMatchObject({
    error: { code: "unsupported" },
  });
  expect(await greets({ protocolVersion: 1 })).toMatchObject({ error: { code: "unsupported" } });
  expect(await greets({ nothing: true })).toMatchObject({ error: { code: "internal" } });
});

test("[C19] updates come before the answer that follows them, and those of another session do not count", async () => {
  const { connection, updates } = await connected((asked, say) => {
    answers(asked, say);
    if (asked.method !== "session/prompt") return;
    say(chunk("not ours", "other"));
    for (let at = 0; at < 20; at++) say(chunk(String(at)));
    say({ id: asked.id, result: { stopReason: "end_turn" } });
  });
  await connection.greet();
  await connection.openSession(session);
  expect(await connection.prompt("Go")).toEqual({ ok: true, stopReason: "end_turn" });
  expect(updates).toHaveLength(20);
});

test("[C19] an answer that nobody waits for, or comes twice, is left out, and what is asked for is granted or unknown", async () => {
  const { connection, asked, say } = await connected(answers);
  say({ id: 77, result: {} });
  await connection.greet();
  say({ id: 0, result: greeting });
  const params = {
    sessionId: "s1",
    toolCall: { toolCallId: "c" },
    options: [{ optionId: "once", name: "Once", kind: "allow_once" }],
  };
  const until = async (id: string) => {
    for (;;) {
      const found = asked.find((message) => String(message.id) === id && !message.method);
      if (found !== undefined) return found;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  say({ id: "p", method: "session/request_permission", params });
  expect(await until("p")).toMatchObject({
    result: { outcome: { outcome: "selected", optionId: "once" } },
  });
  say({ id: "f", method: "fs/read_text_file", params: { sessionId: "s1", path: "/etc/passwd" } });
  expect(await until("f")).toMatchObject({ error: { code: -32601 } });
});

test("[C19] what was asked of an agent that has gone fails", async () => {
  const { connection } = await connected(answers);
  await connection.greet();
  const turn = connection.prompt("Go");
  connection.close();
  expect(await turn).toMatchObject({ ok: false });
  expect(await connection.prompt("Again")).toMatchObject({ ok: false });
});
