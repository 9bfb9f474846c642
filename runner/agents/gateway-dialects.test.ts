import { describe, expect, test } from "bun:test";
import { responsesDialect } from "../../protocol/model-api/responses.ts";
import { messagesDialect } from "../../protocol/model-api/messages.ts";
import { gatewayContract, type DialectCase } from "./gateway.contract.ts";

const SYSTEM = "You work.\nRole: polecat\nBe brief.";
const BRIEFING = "Bead: Do it\nBead id: bd_1\nAttempt: 1\nRound: 1";
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const PICTURE = "data:image/png;base64,iVBORw0KGgo=";
const user = (...content: unknown[]) => [{ role: "user", content }];

const chat: DialectCase = {
  name: "chat",
  path: "/v1/chat/completions",
  auth: bearer,
  request: {
    model: "big",
    messages: [
      { role: "system", content: SYSTEM },
      { role: "user", content: BRIEFING },
    ],
    tools: [{ type: "function", function: { name: "gastown_gt_done", parameters: {} } }],
  },
  error: (_status, code) => ({ error: { type: "gateway_error", code } }),
  denied: [
    [{ store: true }, "stored_state"],
    [{ web_search_options: {} }, "hosted_feature"],
    [{ models: ["big", "dear"] }, "hosted_feature"],
    [{ service_tier: "priority" }, "hosted_feature"],
    [{ tools: [{ type: "openrouter:web_search" }] }, "hosted_tool"],
    [
      { messages: user({ type: "image_url", image_url: { url: "http://example.com/a" } }) },
      "remote_content",
    ],
    [{ messages: user({ type: "text", image_url: "http://example.com/a" }) }, "remote_content"],
    [{ messages: user({ type: "file", file: { file_id: "file-1" } }) }, "remote_content"],
    [
      { messages: user({ type: "file", file: { file_data: "https://example.com/a" } }) },
      "remote_content",
    ],
    [
      { messages: user({ type: "input_audio", input_audio: { data: "http://example.com/a" } }) },
      "remote_content",
    ],
    [{ messages: user({ role: "user", image_url: "http://example.com/a" }) }, "remote_content"],
    [{ n: 128 }, "hosted_feature"],
    [{ messages: user({ type: "video_url", video_url: {} }) }, "unknown_content"],
    [{ messages: "hello" }, "invalid_request"],
  ],
  passed: [
    { store: false, reasoning_effort: "high", max_tokens: 5, stop: ["a"], n: 1 },
    {
      messages: user(
        { type: "text", text: "see" },
        { type: "image_url", image_url: { url: PICTURE } },
        {
          type: "file",
          file: { filename: "a.pdf", file_data: "data:application/pdf;base64,QQ==" },
        },
        { type: "input_audio", input_audio: { data: "QUJD", format: "wav" } },
      ),
    },
  ],
};

const responses: DialectCase = {
  name: "responses",
  path: "/v1/responses",
  auth: bearer,
  request: {
    model: "big",
    instructions: SYSTEM,
    input: [{ role: "user", content: [{ type: "input_text", text: BRIEFING }] }],
    tools: [{ type: "function", name: "gastown_gt_done", parameters: {}, strict: false }],
  },
  error: (_status, code) => ({ error: { type: "gateway_error", code } }),
  denied: [
    [{ store: true }, "stored_state"],
    [{ previous_response_id: "resp_1" }, "stored_state"],
    [{ conversation: "conv_1" }, "stored_state"],
    [{ prompt: { id: "pmpt_1" } }, "stored_state"],
    [{ background: true }, "hosted_feature"],
    [{ context_management: [{ type: "compaction" }] }, "hosted_feature"],
    [{ service_tier: "priority" }, "hosted_feature"],
    [{ tools: [{ type: "web_search" }] }, "hosted_tool"],
    [{ tools: [{ type: "mcp", server_label: "x", server_url: "http://x" }] }, "hosted_tool"],
    [{ tools: [{ type: "code_interpreter", container: { type: "auto" } }] }, "hosted_tool"],
    [{ tools: [{ type: "namespace", tools: [{ type: "shell" }] }] }, "hosted_tool"],
    [{ input: [{ type: "item_reference", id: "msg_1" }] }, "stored_state"],
    [{ input: [{ type: "additional_tools", tools: [] }] }, "unknown_content"],
    [{ input: [{ type: "compaction_trigger" }] }, "unknown_content"],
    [{ input: user({ type: "input_file", file_url: "http://example.com" }) }, "remote_content"],
    [{ input: user({ type: "input_image", image_url: "http://example.com" }) }, "remote_content"],
    [{ input: user({ type: "input_file", file_data: "http://example.com" }) }, "remote_content"],
    [{ input: user({ role: "user", image_url: "http://example.com" }) }, "remote_content"],
    [
      {
        input: [
          {
            type: "function_call_output",
            call_id: "c",
            output: [{ type: "input_image", file_id: "file-1" }],
          },
        ],
      },
      "remote_content",
    ],
  ],
  passed: [
    {
      ...{
        store: false,
        background: false,
        previous_response_id: null,
        parallel_tool_calls: false,
      },
      ...{ include: ["reasoning.encrypted_content"], reasoning: { effort: "high" } },
      ...{ prompt_cache_key: "k", text: { verbosity: "low" } },
    },
    { input: "hello" },
    { input: user({ type: "input_image", image_url: PICTURE }) },
    {
      input: [
        { type: "message", role: "user", content: [{ type: "input_text", text: "go" }] },
        { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "x" },
        {
          type: "function_call",
          call_id: "c",
          name: "read",
          arguments: '{"source":{"type":"url"}}',
        },
        { type: "function_call_output", call_id: "c", output: "http://example.com" },
      ],
    },
  ],
};

const MESSAGE_ERRORS: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
};

const messages: DialectCase = {
  name: "messages",
  path: "/v1/messages",
  auth: (token) => ({ "x-api-key": token, "anthropic-version": "2023-06-01" }),
  request: {
    model: "big",
    max_tokens: 1_000,
    system: [{ type: "text", text: SYSTEM, cache_control: { type: "ephemeral" } }],
    messages: user({ type: "text", text: BRIEFING }),
    tools: [{ name: "gastown_gt_done", input_schema: { type: "object" } }],
  },
  error: (status, code) => ({
    type: "error",
    error: { type: MESSAGE_ERRORS[status] ?? "api_error", code },
  }),
  denied: [
    [{ container: "c_1" }, "hosted_feature"],
    [{ mcp_servers: [{ type: "url", url: "http://x", name: "x" }] }, "hosted_feature"],
    [{ fallbacks: [{ model: "dear" }] }, "hosted_feature"],
    [{ speed: "fast" }, "hosted_feature"],
    [{ thread: { id: "t" } }, "stored_state"],
    [{ context_management: { edits: [{ type: "compact_20260112" }] } }, "hosted_feature"],
    [{ tools: [{ type: "web_search_20250305", name: "web_search" }] }, "hosted_tool"],
    [{ tools: [{ type: "web_fetch_20250910", name: "web_fetch" }] }, "hosted_tool"],
    [{ tools: [{ type: "code_execution_20250825", name: "code" }] }, "hosted_tool"],
    [{ tools: [{ type: "mcp_toolset", mcp_server_name: "x" }] }, "hosted_tool"],
    [{ messages: user({ type: "container_upload", file_id: "f" }) }, "unknown_content"],
    [{ messages: user({ type: "tool_addition", tools: [] }) }, "unknown_content"],
    [
      { messages: user({ type: "image", source: { type: "url", url: "http://example.com" } }) },
      "remote_content",
    ],
    [
      { messages: user({ type: "document", source: { type: "file", file_id: "f" } }) },
      "remote_content",
    ],
    [
      {
        messages: user({
          type: "tool_result",
          tool_use_id: "t",
          content: [{ type: "image", source: { type: "url", url: "http://example.com" } }],
        }),
      },
      "remote_content",
    ],
  ],
  passed: [
    {
      ...{ thinking: { type: "enabled", budget_tokens: 1_024 }, metadata: { user_id: "u" } },
      ...{ context_management: { edits: [{ type: "clear_thinking_20251015" }] }, mcp_servers: [] },
      tools: [
        { type: "bash_20250124", name: "bash" },
        { name: "read", input_schema: {} },
      ],
    },
    { system: SYSTEM, messages: [{ role: "user", content: "go" }] },
    {
      messages: user({
        type: "image",
        source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" },
      }),
    },
    {
      messages: [
        { role: "user", content: "go" },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "hm", signature: "s" },
            { type: "tool_use", id: "t", name: "fetch", input: { source: { type: "url" } } },
          ],
        },
        ...user({ type: "tool_result", tool_use_id: "t", content: "http://example.com" }),
      ],
    },
  ],
};

describe("chat completions", () => gatewayContract(chat));
describe("responses", () => gatewayContract(responses));
describe("messages", () => gatewayContract(messages));
describe("messages, with a bearer token", () => gatewayContract({ ...messages, auth: bearer }));

describe("what a dialect alone has", () => {
  test("[C2] responses are never stored, whatever the endpoint's default", () => {
    expect(responsesDialect.rewrite({ model: "m", input: "x" })).toMatchObject({ store: false });
  });

  test("[C2] of beta headers those pass that only change how a call is phrased", () => {
    const betas =
      "claude-code-20250219, mcp-client-2025-04-04,interleaved-thinking-2025-05-14,files-api-2025-04-14";
    const agent = new Headers({ "anthropic-beta": betas, "x-api-key": "t" });
    expect(messagesDialect.headersFor(agent, "key")).toEqual({
      "x-api-key": "key",
      "anthropic-version": "2023-06-01",
      "anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14",
    });
  });

  test("[C16] the usage of messages is told in parts, each the sum so far", () => {
    const reader = messagesDialect.openReader();
    const start = { input_tokens: 10, cache_read_input_tokens: 7, output_tokens: 1 };
    reader.read({ type: "message_start", message: { usage: start } });
    reader.read({ type: "message_delta", usage: { output_tokens: 12 } });
    const thought = { output_tokens_details: { thinking_tokens: 5 } };
    reader.read({
      type: "message_delta",
      usage: { output_tokens: 30, input_tokens: 11, ...thought },
    });
    expect(reader.usage).toMatchObject({
      inputTokens: 11,
      cacheReadTokens: 7,
      outputTokens: 25,
      reasoningTokens: 5,
    });
  });

  test("[C24] what an endpoint says in the middle of a stream is told as what it is", () => {
    const overloaded = messagesDialect.openReader();
    overloaded.read({ type: "error", error: { type: "overloaded_error", message: "busy" } });
    expect(messagesDialect.failureKinds[overloaded.failure?.code ?? ""]).toBe("throttle");
    const used = responsesDialect.openReader();
    const error = { code: "insufficient_quota", message: "no credit" };
    used.read({ type: "response.failed", response: { error, usage: null } });
    expect(responsesDialect.failureKinds[used.failure?.code ?? ""]).toBe("quota");
  });
});
