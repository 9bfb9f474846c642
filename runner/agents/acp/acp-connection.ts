/**
 * One conversation with an agent over the Agent Client Protocol, line by line. The library asks and answers; updates are
 * read here, because it does not keep their order with the answers, and complains of those it does not know.
 */
import type * as Sdk from "@agentclientprotocol/sdk";
import type { z } from "zod";
import { refuse, type Result } from "../../../protocol/error.ts";
import type { RigServer } from "../driver.ts";
import { shellCommand } from "../driver-parts.ts";
import type { AcpError } from "./acp-errors.ts";
import type { AcpPermission, AcpUpdate } from "./acp-wire.ts";
import {
  greetingSchema,
  permissionSchema,
  readLine,
  sessionSchema,
  turnEndSchema,
} from "./acp-wire.ts";

export type AcpPeer = {
  send: (line: string) => void;
  onUpdate: (update: AcpUpdate) => void;
  /** What the agent may answer itself with. */
  onPermission: (
    asked: AcpPermission,
  ) => { outcome: "selected"; optionId: string } | { outcome: "cancelled" };
};

export type ToolServerAddress = { name: string; url: string; authorization: string };

export type NewSession = {
  cwd: string;
  /** What the agent is, for one that takes it with its session; the others have it by their configuration. */
  prompt: string;
  /** The program's own; null: it has none. */
  meta: Readonly<Record<string, unknown>> | null;
  tools: ToolServerAddress;
  /** Of its rig; the agent starts them. */
  servers: readonly RigServer[];
};

export type AcpConnection = {
  /** A line that the agent said. */
  receive(line: string): void;
  /** Fails with `unsupported` when the agent cannot do what a run needs. */
  greet(): Promise<Result<void>>;
  openSession(session: NewSession): Promise<Result<void>>;
  /** Resolves at the end of the turn, with the reason that the agent gives. */
  prompt(text: string): Promise<{ ok: true; stopReason: string } | { ok: false; error: AcpError }>;
  /** Ends the turn that runs; the prompt's answer tells when. */
  cancel(): void;
  /** Nothing is answered any more; what was asked fails. */
  close(): void;
};

const ERROR_CHARS_MAX = 600;

/** The library is loaded with the first agent that needs it. */
export async function connectAcp(peer: AcpPeer): Promise<AcpConnection> {
  const sdk = await import("@agentclientprotocol/sdk");
  const stream = lineStream(peer.send);
  const connection = sdk
    .client({ name: "gastown" })
    .onRequest(sdk.methods.client.session.requestPermission, permissionSchema, ({ params }) => ({
      outcome: peer.onPermission(params),
    }))
    .connect(stream);
  const ask = new Asking(sdk, connection.agent);
  return {
    receive(line) {
      const read = readLine(line);
      if (read?.kind !== "update") stream.receive(read);
      else if (read.sessionId === ask.sessionId) peer.onUpdate(read.update);
    },
    greet: () => ask.greet(),
    openSession: (session) => ask.openSession(session),
    prompt: (text) => ask.prompt(text),
    cancel: () => ask.cancel(),
    close: () => connection.close(),
  };
}

class Asking {
  readonly #sdk: typeof Sdk;
  readonly #agent: Sdk.ClientContext;
  sessionId: string | null = null;
  #promptMode: "override" | "append" | null = null;

  constructor(sdk: typeof Sdk, agent: Sdk.ClientContext) {
    this.#sdk = sdk;
    this.#agent = agent;
  }

  async greet(): Promise<Result<void>> {
    const { methods, PROTOCOL_VERSION } = this.#sdk;
    // The agent works in its own tree by its own hands: neither files nor terminals of ours are offered.
    const clientCapabilities = {
      fs: { readTextFile: false, writeTextFile: false },
      terminal: false,
    };
    const answer = await this.#asked(
      methods.agent.initialize,
      { protocolVersion: PROTOCOL_VERSION, clientCapabilities },
      greetingSchema,
    );
    if (!answer.ok) return refuse("internal", `It did not greet: ${answer.error.message}`);
    const { protocolVersion, agentCapabilities } = answer.value;
    if (protocolVersion !== PROTOCOL_VERSION)
      return refuse(
        "unsupported",
        `It speaks version ${protocolVersion} of the protocol, not ${PROTOCOL_VERSION}.`,
      );
    if (agentCapabilities?.mcpCapabilities?.http !== true)
      return refuse("unsupported", "It takes no tools over HTTP.");
    const system = agentCapabilities.sessionCapabilities?.systemPrompt;
    if (system) this.#promptMode = system.mode?.override ? "override" : "append";
    return { ok: true, value: undefined };
  }

  async openSession({ cwd, prompt, meta, tools, servers }: NewSession): Promise<Result<void>> {
    const { name, url, authorization } = tools;
    const headers = [{ name: "Authorization", value: authorization }];
    const mode = this.#promptMode;
    const answer = await this.#asked(
      this.#sdk.methods.agent.session.new,
      {
        cwd,
        mcpServers: [...servers.map(started), { type: "http", name, url, headers }],
        ...(mode !== null && { systemPrompt: { mode, content: [{ type: "text", text: prompt }] } }),
        ...(meta !== null && { _meta: meta }),
      },
      sessionSchema,
    );
    if (!answer.ok)
      return refuse("internal", `It opened no session: ${answer.error.message}`, {
        retryable: true,
      });
    this.sessionId = answer.value.sessionId;
    return { ok: true, value: undefined };
  }

  async prompt(text: string): ReturnType<AcpConnection["prompt"]> {
    const answer = await this.#asked(
      this.#sdk.methods.agent.session.prompt,
      { sessionId: this.sessionId ?? "", prompt: [{ type: "text", text }] },
      turnEndSchema,
    );
    return answer.ok ? { ok: true, stopReason: answer.value.stopReason } : answer;
  }

  cancel(): void {
    const { sessionId } = this;
    if (sessionId === null) return;
    // An agent that is gone has no turn to end.
    void this.#agent
      .notify(this.#sdk.methods.agent.session.cancel, { sessionId })
      .catch(() => undefined);
  }

  async #asked<T>(
    method: string,
    params: unknown,
    schema: z.ZodType<T>,
  ): Promise<{ ok: true; value: T } | { ok: false; error: AcpError }> {
    try {
      const answer = schema.safeParse(await this.#agent.request<unknown, unknown>(method, params));
      if (answer.success) return { ok: true, value: answer.data };
      return { ok: false, error: { message: `${method} was not answered as agreed.`, data: null } };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const data = error instanceof this.#sdk.RequestError ? (error.data ?? null) : null;
      return { ok: false, error: { message: message.slice(0, ERROR_CHARS_MAX), data } };
    }
  }
}

function started({ name, line }: RigServer) {
  const [command, ...args] = shellCommand(line);
  return { name, command, args, env: [] };
}

/** Messages of the library as lines. Of the agent's answers only those reach it that something was asked for. */
function lineStream(send: (line: string) => void) {
  const asked = new Set<string | number>();
  const incoming = new TransformStream<Sdk.AnyMessage, Sdk.AnyMessage>();
  const writer = incoming.writable.getWriter();
  const writable = new WritableStream<Sdk.AnyMessage>({
    write(message) {
      if ("method" in message && "id" in message && message.id !== null) asked.add(message.id);
      send(JSON.stringify(message));
    },
  });
  return {
    readable: incoming.readable,
    writable,
    receive(read: Exclude<ReturnType<typeof readLine>, { kind: "update" }>) {
      if (read === null || (read.kind === "answer" && !asked.delete(read.id))) return;
      // The library checks the rest; a connection that was closed takes nothing.
      void writer.write(read.message as Sdk.AnyMessage).catch(() => undefined);
    },
  };
}
