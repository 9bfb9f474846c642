/** The Mayor's conversation as it is shown. Pure. */
import type { ChatEntry } from "../../protocol/index.ts";
import { withShortIds } from "../words/history.ts";

/** Oldest first; what was said at the same moment keeps the order of its ids. */
export function inOrder(entries: readonly ChatEntry[]): ChatEntry[] {
  return [...entries].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

/** What a message of a person says about where it is; null once it needs no word. */
export function deliveryWord(state: ChatEntry["state"]): string | null {
  switch (state) {
    case "queued":
      return "Queued: the Mayor reads it after this turn";
    case "delivered":
      return "Delivered";
    case "failed":
      return "Not delivered";
    case "interrupted":
      return "Interrupted";
    default:
      return null;
  }
}

/** How the conversation went on when a new Mayor took it up; null where it simply goes on. */
export function continuedLine(continued: ChatEntry["continued"]): string | null {
  if (continued === null) return null;
  if (continued.how === "resumed") return "Resumed where the conversation was.";
  return `Continued from the transcript. ${continued.why}`;
}

/** The Mayor's words without headings that said what it was about to do and have nothing below them. */
export function withoutBareHeadings(text: string): string {
  return text.replaceAll(/^# [^\n]*\n+(?=# )/gm, "");
}

export interface StepSummary {
  verb: string;
  subject: string;
}

const verbs: Record<string, string> = {
  gt_rigs: "Looked at the rigs",
  gt_beads: "Looked at the beads",
  gt_bead: "Read a bead",
  gt_convoy: "Read a convoy",
  gt_sling: "Slung a bead",
  gt_sling_convoy: "Slung a convoy",
  gt_convoy_add: "Added a task",
  gt_convoy_act: "Changed a convoy",
  gt_formulas: "Looked at the formulas",
  gt_pour: "Poured a molecule",
  gt_molecule: "Looked at a molecule",
  gt_edit_bead: "Edited a bead",
  gt_act: "Changed a bead",
  gt_comment: "Commented",
  gt_reset_agent: "Reset an agent",
  gt_prime: "Read its briefing",
  gt_done: "Handed in its work",
  gt_escalate: "Asked a person",
  gt_verdict: "Gave its verdict",
};

/** A tool call in one line: what was done, and to what. */
export function stepSummary(tool: string, args: string): StepSummary {
  const name = tool.replace(/^gastown_/, "");
  const given = parseObject(args);
  const first = [
    "title",
    "command",
    "filePath",
    "path",
    "pattern",
    "description",
    "bead",
    "convoy",
    "verdict",
    "summary",
  ]
    .map((key) => given?.[key])
    .find((value) => typeof value === "string" && value !== "");
  return {
    verb: verbs[name] ?? name,
    subject: typeof first === "string" ? withShortIds(first) : "",
  };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? { ...value }
      : null;
  } catch (cause) {
    // Arguments still being written are no JSON yet.
    if (cause instanceof SyntaxError) return null;
    throw cause;
  }
}

/** JSON in lines, anything else as it is. */
export function pretty(text: string): string {
  const value = parseObject(text);
  return value ? JSON.stringify(value, null, 2) : text;
}
