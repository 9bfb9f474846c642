/** Turns what an agent does into the run's stream, its bubble and its progress. */
import { EVENT_TEXT_CHARS_MAX } from "../../../protocol/limits.ts";
import type { AgentEvent } from "../../agents/driver.ts";
import type { TimeSource } from "../../clock.ts";
import { cutEnd, cutMiddle } from "../cut-text.ts";
import type { LiveRun } from "../live-run.ts";
import { ContextWatch } from "./context-watch.ts";
import { RepetitionWatch } from "./repetition.ts";

/** A growing text is told again after this long, plus a tenth of a millisecond for each character. */
const TEXT_EVERY_MS = 100;
const TREE_TOOLS = new Set(["edit", "write", "patch"]);
const STATUS_CHARS_MAX = 200;
const NAME_CHARS_MAX = 80;

interface Part {
  text: string;
  toldAt: number;
}

export class AgentStream {
  readonly #run: LiveRun;
  readonly #clock: TimeSource;
  readonly #parts = new Map<string, Part>();
  readonly #calls = new Map<string, { tool: string; input: string }>();
  readonly #repetition = new RepetitionWatch();
  readonly #said: string[] = [];
  /** A tool was called since the last answer of the model. */
  #acted = false;
  #turnId: string | null = null;
  readonly #use: ContextWatch;

  constructor(run: LiveRun, clock: TimeSource) {
    this.#run = run;
    this.#use = new ContextWatch((use) => run.fact({ kind: "context", ...use }));
    this.#clock = clock;
  }

  /** Events from now on belong to this turn; its texts are gathered anew. */
  beginTurn(turnId: string | null): void {
    this.#turnId = turnId;
    this.#repetition.asked();
    this.#said.length = 0;
    this.#parts.clear();
  }

  /** All that was said in the turn so far, part by part. */
  get spoken(): string {
    const open = [...this.#parts.values()].map(({ text }) => text);
    return [...this.#said, ...open].filter((text) => text.trim() !== "").join("\n\n");
  }

  prompt(from: "person" | "machine", text: string): void {
    this.#run.event(
      { kind: "prompt", from, text: cutMiddle(text, EVENT_TEXT_CHARS_MAX) },
      this.#turnId,
    );
  }

  take(event: AgentEvent): void {
    switch (event.type) {
      case "text_delta":
        return this.#grow(event.partId, event.text);
      case "text":
        return this.#complete(event.partId, event.text);
      case "step":
        return this.#answered();
      case "tool_start":
        this.#acted = true;
        this.#calls.set(event.callId, { tool: event.tool, input: event.input });
        return this.#tool(event.callId, "running", null, null);
      case "tool_end":
        return this.#toolEnded(event);
      case "status":
        this.#run.fact({ kind: "bubble", text: cutEnd(event.text, STATUS_CHARS_MAX) });
        return this.#run.event(
          { kind: "status", text: cutEnd(event.text, STATUS_CHARS_MAX) },
          this.#turnId,
        );
      case "retrying":
        return this.#notice(
          "warning",
          `The model is asked again (attempt ${event.attempt}): ${event.message}`,
        );
      case "context":
        return this.#use.seen(event);
      case "turn_closed":
        return this.#use.settled();
      case "compacted":
        this.#use.compacted();
        return this.#notice(
          "normal",
          "The conversation had become too long for the model: the agent goes on from a summary of it.",
        );
      case "offline":
        return this.#notice("warning", `The model cannot be reached: ${event.message}`);
      case "error":
        return this.#notice("error", event.message);
      case "server_failed":
        return this.#notice(
          "warning",
          `The MCP server ${event.name} of the rig gives no tools: ${event.why}`,
        );
      case "refused":
        return this.#notice(
          "normal",
          `The agent asked for something its role does not have: ${event.what}`,
        );
      default:
        // Liveness only, or told by the run itself.
        return;
    }
  }

  #grow(partId: string, delta: string): void {
    const part = this.#parts.get(partId) ?? { text: "", toldAt: Number.NEGATIVE_INFINITY };
    part.text += delta;
    this.#parts.set(partId, part);
    const now = this.#clock.mono();
    if (now - part.toldAt < TEXT_EVERY_MS + part.text.length / 10) return;
    part.toldAt = now;
    this.#text(partId, part.text, false);
  }

  #complete(partId: string, text: string): void {
    this.#parts.delete(partId);
    this.#said.push(text);
    this.#text(partId, text, true);
  }

  #text(partId: string, text: string, done: boolean): void {
    const cut = cutMiddle(text, EVENT_TEXT_CHARS_MAX);
    this.#run.event(
      { kind: "text", partId: cutEnd(partId, NAME_CHARS_MAX), text: cut, done },
      this.#turnId,
    );
  }

  #toolEnded(event: Extract<AgentEvent, { type: "tool_end" }>): void {
    const { callId, tool, ok, output, durationMs } = event;
    if (!this.#calls.has(callId)) this.#calls.set(callId, { tool, input: "" });
    this.#tool(callId, ok ? "completed" : "failed", output, Math.round(durationMs));
    const input = this.#calls.get(callId)?.input ?? "";
    this.#calls.delete(callId);
    const { isNew, circle } = this.#repetition.called({ tool, input, ok, output });
    // A result seen before moves nothing, and so does a failure.
    if (ok && isNew) this.#run.progress(TREE_TOOLS.has(tool) ? "tree" : "tool");
    if (circle !== null) this.#run.fact({ kind: "repetition", ...circle });
  }

  /** An answer that called nothing. */
  #answered(): void {
    if (this.#acted) return void (this.#acted = false);
    const circle = this.#repetition.answered();
    if (circle !== null) this.#run.fact({ kind: "repetition", ...circle });
  }

  #tool(
    callId: string,
    state: "running" | "completed" | "failed",
    result: string | null,
    durationMs: number | null,
  ): void {
    const call = this.#calls.get(callId) ?? { tool: "", input: "" };
    this.#run.event(
      {
        kind: "tool",
        partId: cutEnd(callId, NAME_CHARS_MAX),
        tool: cutEnd(call.tool, NAME_CHARS_MAX),
        state,
        arguments: cutMiddle(call.input, EVENT_TEXT_CHARS_MAX),
        result: result === null ? null : cutMiddle(result, EVENT_TEXT_CHARS_MAX),
        durationMs,
      },
      this.#turnId,
    );
  }

  #notice(level: "normal" | "warning" | "error", text: string): void {
    this.#run.event(
      { kind: "notice", level, text: cutMiddle(text, EVENT_TEXT_CHARS_MAX) },
      this.#turnId,
    );
  }
}
