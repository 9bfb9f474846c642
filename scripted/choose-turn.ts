import type { Conversation } from "./conversation.ts";
import { inHandsOf } from "./hands.ts";
import { compilePattern } from "./pattern.ts";
import type { Entry, Fault, Script, Turn, Usage } from "./script.ts";
import { fillJson, fillText } from "./template.ts";

/** A tool call ready to be sent: the offered name, the arguments as JSON text. */
export interface AnswerCall {
  readonly id: string;
  readonly name: string;
  readonly argumentsJson: string;
}

/** What the model will say to one request. */
export interface Answer {
  readonly text: string;
  readonly calls: readonly AnswerCall[];
  readonly pauseMs: number;
  readonly paceMs: number;
  readonly usage: Usage;
  readonly fault: Fault | null;
  /** Names entry and turn of the script, for the log and the counting of faults; null: no entry. */
  readonly origin: string | null;
}

/** Picks the first entry that fits and fills its turn; what does not work out is said in the text. */
export function chooseTurn(script: Script, talk: Conversation): Answer {
  if (talk.role === null) return plainAnswer(script, script.defaults.plain);
  const found = matchEntry(script.entries, talk);
  if (!found) return plainAnswer(script, `scripted model: no entry for ${describe(talk)}`);
  const turn = found.entry.turns[talk.turnIndex];
  if (!turn) return plainAnswer(script, script.defaults.afterLast);
  const answer = fillTurn(script, turn, talk, found.groups);
  return { ...answer, origin: answer.origin ?? `entry ${found.index} turn ${talk.turnIndex}` };
}

function matchEntry(entries: readonly Entry[], talk: Conversation) {
  for (const [index, entry] of entries.entries()) {
    if (entry.role !== talk.role) continue;
    if (entry.attempt !== undefined && entry.attempt !== talk.attempt) continue;
    if (entry.round !== undefined && entry.round !== talk.round) continue;
    const title = entry.title === undefined ? [] : compilePattern(entry.title)(talk.beadTitle);
    const says = entry.says === undefined ? [] : compilePattern(entry.says)(talk.userLast);
    if (title && says) return { entry, index, groups: says.length > 0 ? says : title };
  }
  return null;
}

function fillTurn(
  script: Script,
  turn: Turn,
  talk: Conversation,
  groups: readonly string[],
): Answer {
  const text = fillText(turn.text ?? "", talk, groups);
  if (!text.ok) return unfilled(script, text.missing, talk);
  const calls: AnswerCall[] = [];
  for (const [index, tool] of (turn.tools ?? []).entries()) {
    const filled = fillJson(tool.arguments, talk, groups);
    if (!filled.ok) return unfilled(script, filled.missing, talk);
    calls.push(callOf(tool.name, filled.value, index, talk));
  }
  const answer: Answer = {
    ...plainAnswer(script, text.value),
    calls,
    pauseMs: turn.pauseMs ?? script.defaults.pauseMs,
    paceMs: turn.paceMs ?? script.defaults.paceMs,
    usage: { ...script.defaults.usage, ...turn.usage },
  };
  return turn.fault ? { ...answer, fault: turn.fault } : answer;
}

/** Changes what is said where the fault is in the words; the others are the transport's. */
export function applyFault(answer: Answer, talk: Conversation): Answer {
  if (answer.fault?.kind === "no_terminal") return { ...answer, calls: [] };
  if (answer.fault?.kind === "false_done") {
    return { ...answer, calls: [callOf("gt_done", { summary: answer.fault.summary }, 0, talk)] };
  }
  if (answer.fault?.kind !== "malformed_json") return answer;
  return {
    ...answer,
    calls: answer.calls.map((call) => ({
      ...call,
      argumentsJson: `${call.argumentsJson.slice(0, -1)}, "broken`,
    })),
  };
}

function callOf(name: string, value: unknown, index: number, talk: Conversation): AnswerCall {
  // The number of messages grows with each request of a conversation, so that an id never repeats in it.
  const use = inHandsOf(talk.offeredTools, { name, input: value });
  return {
    id: `call_${talk.messageCount}_${index}`,
    name: use.name,
    argumentsJson: JSON.stringify(use.input),
  };
}

function unfilled(script: Script, missing: string, talk: Conversation): Answer {
  const answer = plainAnswer(
    script,
    `scripted model: nothing in the request fills {{${missing}}} for ${describe(talk)}`,
  );
  return { ...answer, origin: "unfilled" };
}

function plainAnswer(script: Script, text: string): Answer {
  return {
    text,
    calls: [],
    pauseMs: 0,
    paceMs: 0,
    usage: script.defaults.usage,
    fault: null,
    origin: null,
  };
}

function describe(talk: Conversation): string {
  if (talk.role === "mayor") return `mayor, asked "${talk.userLast.slice(0, 80)}"`;
  return `${talk.role}, bead "${talk.beadTitle}", attempt ${talk.attempt}, round ${talk.round}`;
}
