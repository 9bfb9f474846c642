/** What the model behind a simulated agent says next. */
import type { Role } from "../../protocol/run.ts";
import type { ModelFailure } from "../../protocol/model-api/model-failure.ts";

/** One model call's answer, with what the agent does for it, in this order. */
export interface Answer {
  /** Thinks this long first; an agent dawdles when it is long. */
  afterMs?: number;
  /** The call fails: the turn ends with an error. */
  fails?: ModelFailure;
  text?: string;
  /** Files the agent writes into its tree; null removes one. */
  writes?: Readonly<Record<string, string | null>>;
  tool?: { name: string; arguments: Record<string, unknown> };
  /** Says nothing any more. */
  silent?: boolean;
  /** The agent's process dies: at once, or while its tool call is answered. */
  dies?: boolean | "in its call";
  /** Goes on in the same turn, though it called no tool. */
  goesOn?: boolean;
}

export interface Asked {
  runId: string;
  role: Role;
  /** From 1, over all turns of this agent. */
  call: number;
  /** The message that began the turn. */
  prompt: string;
  /** What the last tool answered; null before the first. */
  result: string | null;
}

/** The whole mind of an agent. An agent whose mind is null does not start. */
export type Mind = (asked: Asked) => Answer;
