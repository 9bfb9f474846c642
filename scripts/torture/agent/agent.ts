// An agent without a mind of its own: it asks its model, does what it says with a shell and the town's tools, and speaks
// the Agent Client Protocol. It reads the configuration that OpenCode is given, and stands in for it where hundreds of
// agents are started and killed.
import * as acp from "@agentclientprotocol/sdk";
import { z } from "zod";
import { converse } from "./converse.ts";
import { openTools } from "./tools.ts";

const settingsSchema = z.object({
  model: z.string(),
  default_agent: z.string(),
  agent: z.record(z.string(), z.object({ prompt: z.string() }).partial()),
  provider: z.record(
    z.string(),
    z.object({ options: z.object({ baseURL: z.string(), apiKey: z.string() }) }),
  ),
});

interface Session {
  cwd: string;
  tools: ReturnType<typeof openTools>;
  messages: unknown[];
  /** Ends the turn that runs. */
  cancel: AbortController | null;
}

function main(): void {
  const { model, provider, agent: roles, default_agent: role } = settingsOf(process.env);
  const [providerId = "", modelId = ""] = model.split(/\/(.*)/s);
  const endpoint = provider[providerId]?.options;
  if (endpoint === undefined) throw new Error(`there is no provider ${providerId}`);
  const sessions = new Map<string, Session>();
  const stream = acp.ndJsonStream(
    new WritableStream({ write: (bytes) => void process.stdout.write(bytes) }),
    Bun.stdin.stream(),
  );
  acp
    .agent({ name: "scripted" })
    .onRequest(acp.methods.agent.initialize, () => ({
      protocolVersion: acp.PROTOCOL_VERSION,
      agentCapabilities: { mcpCapabilities: { http: true } },
    }))
    .onRequest(acp.methods.agent.session.new, ({ params }) => {
      const sessionId = crypto.randomUUID();
      const system = { role: "system", content: roles[role]?.prompt ?? "" };
      const tools = openTools(params.mcpServers, params.cwd);
      sessions.set(sessionId, { cwd: params.cwd, tools, messages: [system], cancel: null });
      return { sessionId };
    })
    .onRequest(acp.methods.agent.session.prompt, async ({ params, client }) => {
      const { sessionId } = params;
      const session = sessions.get(sessionId);
      if (session === undefined) throw acp.RequestError.invalidParams(params, "no such session");
      const text = params.prompt.map((part) => (part.type === "text" ? part.text : "")).join("\n");
      session.messages.push({ role: "user", content: text });
      session.cancel = new AbortController();
      const { signal } = session.cancel;
      try {
        await converse(
          { ...endpoint, model: modelId },
          { messages: session.messages, tools: await session.tools },
          (update) => void client.notify(acp.methods.client.session.update, { sessionId, update }),
          signal,
        );
        return { stopReason: "end_turn" };
      } catch (error) {
        if (signal.aborted) return { stopReason: "cancelled" };
        throw error;
      } finally {
        session.cancel = null;
      }
    })
    .onNotification(acp.methods.agent.session.cancel, ({ params }) =>
      sessions.get(params.sessionId)?.cancel?.abort(),
    )
    .connect(stream);
}

function settingsOf(env: NodeJS.ProcessEnv): z.infer<typeof settingsSchema> {
  return settingsSchema.parse(JSON.parse(env["OPENCODE_CONFIG_CONTENT"] ?? "null"));
}

main();
