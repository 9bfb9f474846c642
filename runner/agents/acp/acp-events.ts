/** Turns what an agent tells over the Agent Client Protocol into the town's events. Pure: it is given the time. */
import { EVENT_TEXT_CHARS_MAX } from "../../../protocol/limits.ts";
import type { AgentEvent } from "../driver.ts";
import { HeadingWatch } from "../heading.ts";
import type { AcpUpdate } from "./acp-wire.ts";

const TOOL_NAME_CHARS_MAX = 80;

type Chunk = Extract<AcpUpdate, { sessionUpdate: "agent_message_chunk" | "agent_thought_chunk" }>;
type Call = Extract<AcpUpdate, { sessionUpdate: "tool_call" | "tool_call_update" }>;
type OpenCall = { tool: string; input: string; printed: string; startedAt: number | null };

export class AcpEventMapper {
  readonly #headings = new HeadingWatch();
  readonly #calls = new Map<string, OpenCall>();
  /** The text that grows; whatever else the agent does ends it. */
  #text: { partId: string; messageId: string | null; text: string } | null = null;
  #parts = 0;

  map(update: AcpUpdate, nowMs: number): AgentEvent[] {
    switch (update.sessionUpdate) {
      case "agent_message_chunk":
        return this.#said(update);
      case "agent_thought_chunk":
        return this.#thought(update);
      case "tool_call":
      case "tool_call_update":
        return [...this.#endText(), ...this.#call(update, nowMs)];
      case "usage_update":
        return [contextOf(update)];
    }
  }

  /** The turn is over: what was open in it ends with it. */
  endTurn(nowMs: number): AgentEvent[] {
    const open = [...this.#calls].flatMap(([callId, call]) =>
      call.startedAt === null ? [] : [toolEnd(callId, call, nowMs, { ok: false, output: "" })],
    );
    this.#calls.clear();
    return [...this.#endText(), ...open];
  }

  #said({ messageId = null, content }: Chunk): AgentEvent[] {
    const delta = content.text ?? "";
    if (delta === "") return [];
    // Claude Code's first words may come before their message has its id.
    const before = this.#text?.messageId ?? null;
    const isOther = before !== null && messageId !== null && before !== messageId;
    const ended = isOther ? this.#endText() : [];
    this.#text ??= { partId: `text-${++this.#parts}`, messageId, text: "" };
    this.#text.messageId ??= messageId;
    const { partId, text } = this.#text;
    // A whole text is told cut: what is beyond that need not be kept.
    if (text.length <= EVENT_TEXT_CHARS_MAX) this.#text.text += delta;
    return [
      ...ended,
      { type: "text_delta", partId, text: cut(delta) },
      ...statusOf(this.#headings.streamed(partId, delta)),
    ];
  }

  #thought({ content }: Chunk): AgentEvent[] {
    const text = content.text ?? "";
    if (text === "") return [];
    return [
      ...this.#endText(),
      { type: "reasoning", partId: `thought-${++this.#parts}`, text: cut(text) },
    ];
  }

  #endText(): AgentEvent[] {
    if (this.#text === null) return [];
    const { partId, text } = this.#text;
    this.#text = null;
    return [{ type: "text", partId, text: cut(text) }, ...statusOf(this.#headings.whole(text))];
  }

  #call(update: Call, nowMs: number): AgentEvent[] {
    const { toolCallId: callId, title, name, rawInput, status } = update;
    const call = this.#calls.get(callId) ?? newCall(name ?? title);
    this.#calls.set(callId, call);
    if (rawInput !== undefined && rawInput !== null) call.input = cut(JSON.stringify(rawInput));
    if (call.printed.length <= EVENT_TEXT_CHARS_MAX)
      call.printed += update._meta?.terminal_output_delta?.data ?? "";
    if (status === undefined || status === null || status === "pending") return [];
    const events: AgentEvent[] = [];
    if (call.startedAt === null) {
      call.startedAt = nowMs;
      events.push({ type: "tool_start", callId, tool: call.tool, input: call.input });
    }
    if (status === "in_progress") return events;
    this.#calls.delete(callId);
    const output = outputOf(update) || cut(call.printed);
    const result = { ok: status === "completed", output };
    return [...events, toolEnd(callId, call, nowMs, result)];
  }
}

/** Without a name a call's first title is it; later ones tell what it is used for. */
function newCall(name: string | null | undefined): OpenCall {
  const tool = (name ?? "tool").slice(0, TOOL_NAME_CHARS_MAX);
  return { tool, input: "", printed: "", startedAt: null };
}

function toolEnd(
  callId: string,
  { tool, startedAt }: OpenCall,
  nowMs: number,
  result: { ok: boolean; output: string },
): AgentEvent {
  const durationMs = Math.max(0, nowMs - (startedAt ?? nowMs));
  return { type: "tool_end", callId, tool, ...result, durationMs };
}

function outputOf({ content, rawOutput }: Call): string {
  const texts = (content ?? []).flatMap((part) => part.content?.text ?? []);
  if (texts.length > 0) return cut(texts.join("\n"));
  return rawOutput === undefined || rawOutput === null ? "" : cut(JSON.stringify(rawOutput));
}

/** A program that does not know the window calls it 0. */
function contextOf({
  used,
  size,
}: Extract<AcpUpdate, { sessionUpdate: "usage_update" }>): AgentEvent {
  const windowTokens = size > 0 ? Math.round(size) : null;
  return { type: "context", tokens: Math.round(used), windowTokens };
}

function statusOf(heading: string | null): AgentEvent[] {
  return heading === null ? [] : [{ type: "status", text: heading }];
}

function cut(text: string): string {
  return text.length <= EVENT_TEXT_CHARS_MAX ? text : `${text.slice(0, EVENT_TEXT_CHARS_MAX)}…`;
}
