/**
 * Turns kilo's events into the town's. Pure: no clock, no I/O. It remembers what it has told, so that a part seen
 * twice, live and again after a broken stream, is told once.
 */
import { EVENT_TEXT_CHARS_MAX } from "../../../protocol/limits.ts";
import type { AgentEvent, TurnEnd } from "../driver.ts";
import { HeadingWatch } from "../heading.ts";
import { CONTEXT_TOKENS } from "./kilo-config.ts";
import { mapKiloError } from "./kilo-errors.ts";
import type { KiloError, KiloEvent, KiloMessages, KiloPart, KiloStatus } from "./kilo-wire.ts";

/** What the driver must answer to kilo. */
export type KiloRequest = { kind: "permission" | "question" | "network"; requestId: string };

export type Mapped = { events: AgentEvent[]; requests: KiloRequest[] };

export class KiloEventMapper {
  readonly #sessionId: string;
  readonly #userMessages = new Set<string>();
  readonly #toldParts = new Set<string>();
  readonly #startedTools = new Set<string>();
  readonly #reasoningParts = new Set<string>();
  readonly #headings = new HeadingWatch();
  #turnOpen = false;
  #lastPrompt: string | null = null;

  constructor(sessionId: string) {
    this.#sessionId = sessionId;
  }

  get turnOpen(): boolean {
    return this.#turnOpen;
  }

  /** A prompt was sent: its turn counts as open, even if the event that says so is lost. */
  prompted(kiloMessageId: string): void {
    this.#userMessages.add(kiloMessageId);
    this.#lastPrompt = kiloMessageId;
    this.#turnOpen = true;
  }

  map(event: KiloEvent): Mapped {
    if ("sessionID" in event.properties && event.properties.sessionID !== this.#sessionId)
      return nothing();
    switch (event.type) {
      case "session.turn.open":
        this.#turnOpen = true;
        return tell({ type: "turn_opened" });
      case "session.turn.close":
        return tell(...this.#close(event.properties.reason));
      case "session.compacted":
        return tell({ type: "compacted" });
      case "session.status":
        return this.#status(event.properties.status);
      case "session.error":
        return tell(...mapError(event.properties.error));
      case "session.network.asked":
        return {
          events: [{ type: "offline", message: cut(event.properties.message) }],
          requests: [{ kind: "network", requestId: event.properties.id }],
        };
      case "message.updated":
        if (event.properties.info.role === "user") this.#userMessages.add(event.properties.info.id);
        return nothing();
      case "message.part.updated":
        return tell(...this.#part(event.properties.part));
      case "message.part.delta":
        return tell(...this.#delta(event.properties));
      case "permission.asked":
        return {
          events: [{ type: "refused", what: cut(event.properties.permission) }],
          requests: [{ kind: "permission", requestId: event.properties.id }],
        };
      case "question.asked":
        return {
          events: [{ type: "refused", what: "a question to a person" }],
          requests: [{ kind: "question", requestId: event.properties.id }],
        };
    }
  }

  /** What was said before this run is told to nobody again. */
  resumed(messages: KiloMessages): void {
    this.catchUp(messages, { type: "idle" });
  }

  /** What a broken stream left out, from the conversation as it is now. */
  catchUp(messages: KiloMessages, status: KiloStatus): AgentEvent[] {
    const events: AgentEvent[] = [];
    for (const { info, parts } of messages) {
      if (info.role === "user") this.#userMessages.add(info.id);
      else for (const part of parts) events.push(...this.#part(part));
    }
    const last = messages.findLast(({ info }) => info.role === "assistant")?.info;
    const answered =
      last !== undefined && (this.#lastPrompt === null || last.parentID === this.#lastPrompt);
    if (!this.#turnOpen || !answered || status.type !== "idle") return events;
    const failed = last.error !== undefined;
    const reason: TurnEnd = !failed
      ? last.time.completed === undefined
        ? "interrupted"
        : "completed"
      : last.error?.name === "MessageAbortedError"
        ? "interrupted"
        : "error";
    return [...events, ...mapError(last.error), ...this.#close(reason)];
  }

  #close(reason: TurnEnd): AgentEvent[] {
    this.#turnOpen = false;
    return [{ type: "turn_closed", reason }];
  }

  #status(status: KiloStatus): Mapped {
    if (status.type === "retry")
      return tell({
        type: "retrying",
        attempt: status.attempt,
        message: cut(status.message),
        retryAtMs: status.next,
      });
    return nothing();
  }

  #part(part: KiloPart): AgentEvent[] {
    if (part.sessionID !== this.#sessionId || this.#userMessages.has(part.messageID)) return [];
    switch (part.type) {
      case "text":
        if (
          part.synthetic === true ||
          part.ignored === true ||
          part.time?.end === undefined ||
          part.text === ""
        )
          return [];
        return this.#once(part.id, () => [
          { type: "text", partId: part.id, text: cut(part.text) },
          ...statusOf(this.#headings.whole(part.text)),
        ]);
      case "reasoning":
        this.#reasoningParts.add(part.id);
        if (part.time?.end === undefined || part.text === "") return [];
        return this.#once(part.id, () => [
          { type: "reasoning", partId: part.id, text: cut(part.text) },
        ]);
      case "tool":
        return this.#tool(part);
      case "step-finish":
        return this.#once(part.id, () => [stepOf(part), contextOf(part)]);
      case "other":
        return [];
    }
  }

  #tool(part: Extract<KiloPart, { type: "tool" }>): AgentEvent[] {
    const { callID: callId, tool, state } = part;
    if (state.status === "pending") return [];
    const events: AgentEvent[] = [];
    if (!this.#startedTools.has(callId)) {
      this.#startedTools.add(callId);
      events.push({ type: "tool_start", callId, tool, input: cut(JSON.stringify(state.input)) });
    }
    if (state.status === "running") return events;
    const ok = state.status === "completed";
    const output = cut(state.status === "completed" ? state.output : state.error);
    const durationMs = Math.max(0, state.time.end - state.time.start);
    return [
      ...events,
      ...this.#once(part.id, () => [{ type: "tool_end", callId, tool, ok, output, durationMs }]),
    ];
  }

  #delta({
    messageID,
    partID: partId,
    field,
    delta,
  }: Extract<KiloEvent, { type: "message.part.delta" }>["properties"]): AgentEvent[] {
    if (field !== "text" || this.#userMessages.has(messageID) || this.#reasoningParts.has(partId))
      return [];
    return [
      { type: "text_delta", partId, text: cut(delta) },
      ...statusOf(this.#headings.streamed(partId, delta)),
    ];
  }

  #once(partId: string, events: () => AgentEvent[]): AgentEvent[] {
    if (this.#toldParts.has(partId)) return [];
    this.#toldParts.add(partId);
    return events();
  }
}

/** As kilo counts it, when it decides whether to summarise. */
function contextOf({ tokens }: Extract<KiloPart, { type: "step-finish" }>): AgentEvent {
  const { input, output, cache } = tokens;
  const used = input + output + cache.read + cache.write;
  return { type: "context", tokens: used, windowTokens: CONTEXT_TOKENS };
}

function stepOf(part: Extract<KiloPart, { type: "step-finish" }>): AgentEvent {
  const { input, output, reasoning, cache } = part.tokens;
  const usage = {
    inputTokens: input,
    outputTokens: output,
    reasoningTokens: reasoning,
    cacheReadTokens: cache.read,
    cacheWriteTokens: cache.write,
  };
  return { type: "step", usage, costUsd: part.cost };
}

function statusOf(heading: string | null): AgentEvent[] {
  return heading === null ? [] : [{ type: "status", text: heading }];
}

function mapError(error: KiloError | undefined): AgentEvent[] {
  const event = error === undefined ? null : mapKiloError(error);
  return event === null ? [] : [event];
}

function tell(...events: AgentEvent[]): Mapped {
  return { events, requests: [] };
}

function nothing(): Mapped {
  return { events: [], requests: [] };
}

function cut(text: string): string {
  return text.length <= EVENT_TEXT_CHARS_MAX ? text : `${text.slice(0, EVENT_TEXT_CHARS_MAX)}…`;
}
