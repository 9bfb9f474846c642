/** Whether a rework goes on in its author's session. Pure. */
import { PROGRAM_TITLES, type AgentProgram, type ContextUse } from "../../../protocol/index.ts";

/** Beyond this part of its window a session is not taken up again: what is left would soon be summarised. */
const WINDOW_PART_MAX = 0.5;

/** What was kept of the last run of a bead's author. */
export interface AuthorSession {
  runId: string;
  program: AgentProgram;
  at: number;
}

export interface Rework {
  /** What the rework's own agent is. */
  program: AgentProgram;
  /** The newest run that worked on the bead. */
  last: { runId: string; context: ContextUse | null } | null;
  now: number;
  keptMs: number;
}

/** Why a rework begins afresh, as a sentence; null: it goes on where its author was. */
export function whyAfresh(kept: AuthorSession | null, rework: Rework): string | null {
  const { program, last, now, keptMs } = rework;
  if (kept === null) return "Nothing was kept of its author's session.";
  if (kept.program !== program)
    return `Its author was another program, ${PROGRAM_TITLES[kept.program]}.`;
  if (last?.runId !== kept.runId) return "Another run has worked on it since its author's session.";
  if (now - kept.at > keptMs) return "Its author's session is too long ago.";
  const { context } = last;
  if (context === null || context.windowTokens === null)
    return "How much of its context its author's session takes is not known.";
  const { tokens, windowTokens } = context;
  if (tokens <= WINDOW_PART_MAX * windowTokens) return null;
  return `Its author's session takes more than half of its context: ${tokens} of ${windowTokens} tokens.`;
}
