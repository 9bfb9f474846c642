import { textOf, type ChatMessage, type ChatRequest } from "./request.ts";
import { roleSchema, type Role } from "./script.ts";

/** The answer to one earlier tool call, under the short name of the tool. */
export interface ToolResult {
  readonly name: string;
  readonly text: string;
}

/** What a request says about itself: everything the choice of a turn may depend on. */
export interface Conversation {
  readonly role: Role | null;
  readonly beadTitle: string;
  readonly beadId: string;
  readonly attempt: number;
  readonly round: number;
  /** Which turn is to be played, from 0. */
  readonly turnIndex: number;
  readonly userFirst: string;
  readonly userLast: string;
  readonly results: readonly ToolResult[];
  /** Every message of the request after the system's, whoever it is of. */
  readonly whole: string;
  readonly offeredTools: readonly string[];
  /** The agent's working directory, where it tells it; else empty. */
  readonly cwd: string;
  readonly messageCount: number;
}

const AGENT_NOTES = /<(environment_details|system-reminder)>[\s\S]*?<\/\1>/g;
const QUOTED_LINE = /^>.*$\n?/gm;
/** The lines of a briefing that tell one run from another. */
const LABELS = ["Bead", "Bead id", "Attempt", "Round"] as const;
const SERVER_PREFIX = /^(?:mcp__)?gastown_+/;

/** Reads a conversation from the request alone, so that any process answers it alike. */
export function readConversation(request: ChatRequest): Conversation {
  const messages = request.messages;
  const system = messages
    .filter((message) => message.role === "system" || message.role === "developer")
    .map(textOf)
    .join("\n");
  const role = roleSchema.safeParse(line(system, "Role")).data ?? null;
  const start = startOf(messages, role);
  const opening = messages[start];
  const first = opening ? personText(opening) : "";
  const all = messages.map(textOf).join("\n");
  return {
    role,
    beadTitle: line(first, "Bead") ?? "",
    beadId: line(first, "Bead id") ?? "",
    attempt: ordinal(line(first, "Attempt")),
    round: ordinal(line(first, "Round")),
    turnIndex: messages.slice(start).filter((message) => message.role === "assistant").length,
    userFirst: first,
    userLast: lastPersonText(messages),
    results: toolResults(messages.slice(Math.max(start, 0))),
    offeredTools: (request.tools ?? []).flatMap((tool) =>
      tool.function ? [tool.function.name] : [],
    ),
    whole: messages
      .filter(({ role: of }) => of !== "system" && of !== "developer")
      .map(textOf)
      .join("\n"),
    cwd: /^\s*Working directory: (.+)$/m.exec(all)?.[1]?.trim() ?? "",
    messageCount: messages.length,
  };
}

/**
 * A tool's name as scripts write it, `gt_done`, becomes the one that the request offers.
 * @returns the short name itself when nothing fits: the agent then answers that it has no such tool
 */
export function offeredName(short: string, offered: readonly string[]): string {
  if (offered.includes(short)) return short;
  return offered.find((name) => name.endsWith(`_${short}`)) ?? short;
}

/**
 * Where the conversation to count begins: for the Mayor the last user message, since each begins a
 * turn of its own; otherwise the first user message of the last run it tells of, so that a
 * re-prompt within a run goes on with the next turn, even if it repeats the lines of the briefing.
 */
function startOf(messages: readonly ChatMessage[], role: Role | null): number {
  const last = messages.findLastIndex(
    (message) => message.role === "user" && personText(message).trim() !== "",
  );
  if (role === "mayor" || role === null) return Math.max(last, 0);
  const briefings = messages.flatMap((message, index) => {
    const text = message.role === "user" ? personText(message) : "";
    return line(text, "Bead") === undefined
      ? []
      : [{ index, run: LABELS.map((label) => line(text, label)).join("\n") }];
  });
  const run = briefings.at(-1)?.run;
  const begins = briefings.find((briefing) => briefing.run === run)?.index;
  // A run that is of no bead begins with its first message.
  return (
    begins ??
    Math.max(
      messages.findIndex((message) => message.role === "user"),
      0,
    )
  );
}

function personText(message: ChatMessage): string {
  return textOf(message).replaceAll(AGENT_NOTES, "");
}

function lastPersonText(messages: readonly ChatMessage[]): string {
  const texts = messages
    .filter((message) => message.role === "user")
    .map((message) => personText(message).replaceAll(QUOTED_LINE, "").trim());
  return texts.findLast((text) => text !== "") ?? "";
}

function toolResults(messages: readonly ChatMessage[]): ToolResult[] {
  const names = new Map(
    messages.flatMap((message) =>
      (message.tool_calls ?? []).map((call) => [call.id, call.function.name] as const),
    ),
  );
  return messages
    .filter((message) => message.role === "tool")
    .map((message) => ({
      name: (names.get(message.tool_call_id ?? "") ?? "").replace(SERVER_PREFIX, ""),
      text: textOf(message),
    }));
}

function line(text: string, label: string): string | undefined {
  return new RegExp(`^[ \\t]*${label}:[ \\t]*(.+?)[ \\t]*$`, "m").exec(text)?.[1];
}

function ordinal(text: string | undefined): number {
  const value = Number.parseInt(text ?? "1", 10);
  return Number.isSafeInteger(value) && value >= 1 ? value : 1;
}
