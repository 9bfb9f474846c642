/**
 * The tool server of one run (MCP over HTTP): the role's `gt_*` tools, behind a secret of this run that is dead
 * when the run is.
 */
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import {
  CallToolRequestSchema,
  ListToolsRequestSchema,
  type CallToolResult,
} from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { ErrorBody } from "../../protocol/error.ts";
import type { Role } from "../../protocol/run.ts";
import {
  hasBearer,
  isFromProgram,
  serveLoopback,
  type ListenOn,
  type LoopbackServer,
} from "./loopback-server.ts";
import { inputJsonSchema, TOOL_SERVER_NAME, toolsOf, type Tool } from "./tools.ts";

/**
 * What a tool call gives: a value for the model, and the next safe action in words; or a refusal, which the model
 * reads too.
 */
export type ToolAnswer =
  | { ok: true; value?: unknown; next: string }
  | { ok: false; error: ErrorBody; next?: string };

/** `callId` tells two calls of one run apart; it says nothing about their content. */
export type ToolCallMeta = { runId: string; callId: string; terminal: boolean };

export type ToolServerOptions = {
  runId: string;
  listen: ListenOn;
  /** Random, of this run only. */
  secret: string;
  role: Role;
  /** Performs a call whose arguments fit the tool's schema. May throw only for bugs. */
  call: (tool: string, args: Record<string, unknown>, meta: ToolCallMeta) => Promise<ToolAnswer>;
  onBug: (error: unknown, tool: string) => void;
};

export type ToolServer = LoopbackServer & {
  /** Resolves when somebody with the secret has asked which tools there are. */
  readonly listed: Promise<void>;
  /** From now on every request is answered 401. `close` also frees the address. */
  revoke(): void;
};

const REQUEST_BYTES_MAX = 512 * 1024;
export const TOOL_RESULT_CHARS_MAX = 24_000;

export function openToolServer(options: ToolServerOptions): ToolServer {
  let revoked = false;
  const listed = Promise.withResolvers<void>();
  const server = serveLoopback({
    listen: options.listen,
    bodyBytesMax: REQUEST_BYTES_MAX,
    fetch: async (request) => {
      if (!isFromProgram(request))
        return deny(403, "Only the run's own agent may call these tools.");
      if (revoked || !hasBearer(request, options.secret))
        return deny(401, "These tools need the secret of a live run.");
      return answer(request, options, listed.resolve);
    },
  });
  return {
    address: server.address,
    listed: listed.promise,
    revoke: () => {
      revoked = true;
    },
    close: () => {
      revoked = true;
      return server.close();
    },
  };
}

/** Stateless: each request gets its own protocol object, so nothing is shared and nothing is left over. */
async function answer(
  request: Request,
  options: ToolServerOptions,
  onListed: () => void,
): Promise<Response> {
  const server = new Server(
    { name: TOOL_SERVER_NAME, version: "1" },
    { capabilities: { tools: {} } },
  );
  const tools = toolsOf(options.role);
  server.setRequestHandler(ListToolsRequestSchema, () => {
    onListed();
    return { tools: tools.map(describe) };
  });
  server.setRequestHandler(CallToolRequestSchema, ({ params }, { requestId }) =>
    callTool(options, params.name, params.arguments ?? {}, String(requestId)),
  );
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  await server.connect(transport);
  return transport.handleRequest(request);
}

function describe(tool: Tool) {
  return {
    name: tool.name,
    description: tool.description,
    inputSchema: { ...inputJsonSchema(tool), type: "object" as const },
  };
}

/** Calls a tool of a role with whatever the model gave for its arguments. */
export async function callTool(
  options: Pick<ToolServerOptions, "runId" | "role" | "call" | "onBug">,
  name: string,
  given: Record<string, unknown>,
  callId: string,
): Promise<CallToolResult> {
  const tools = toolsOf(options.role);
  const tool = tools.find((candidate) => candidate.name === name);
  if (tool === undefined)
    return say(
      `There is no tool ${name} for you. You have: ${tools.map((each) => each.name).join(", ")}.`,
      true,
    );
  const parsed = tool.input.safeParse(given);
  if (!parsed.success)
    return say(
      `The arguments of ${name} are wrong, nothing was done:\n${z.prettifyError(parsed.error)}\nCorrect them and call it again.`,
      true,
    );
  try {
    return phrase(
      await options.call(name, parsed.data, {
        runId: options.runId,
        callId,
        terminal: tool.terminal,
      }),
    );
  } catch (error) {
    options.onBug(error, name);
    return say(
      `${name} failed for a reason of the town's own. Try it once more; if it fails again, go on without it.`,
      true,
    );
  }
}

/** The answer as the model reads it: the value, then what to do next. */
export function phrase(answer: ToolAnswer): CallToolResult {
  if (!answer.ok) {
    const advice =
      answer.next ??
      (answer.error.retryable ? "You may call it again." : "Do not repeat the same call.");
    return say(`Refused (${answer.error.code}): ${answer.error.message}\n${advice}`, true);
  }
  const value =
    answer.value === undefined
      ? ""
      : typeof answer.value === "string"
        ? answer.value
        : JSON.stringify(answer.value, null, 1);
  return say([cut(value), answer.next].filter((part) => part !== "").join("\n\n"), false);
}

function cut(text: string): string {
  if (text.length <= TOOL_RESULT_CHARS_MAX) return text;
  return `${text.slice(0, TOOL_RESULT_CHARS_MAX)}\n[cut: ${text.length - TOOL_RESULT_CHARS_MAX} characters more. Ask for less at once.]`;
}

function say(text: string, isError: boolean): CallToolResult {
  return { content: [{ type: "text", text }], isError };
}

function deny(status: number, message: string): Response {
  return Response.json({ jsonrpc: "2.0", id: null, error: { code: -32001, message } }, { status });
}
