/**
 * Tells what ended a turn of an agent that speaks the Agent Client Protocol. Pure. The protocol has words only: what was
 * wrong with the model is known from the gateway.
 */
import { z } from "zod";
import type { AgentEvent, TurnEnd } from "../driver.ts";

const MESSAGE_CHARS_MAX = 1_000;
const dataSchema = z.object({ message: z.string() });

export type AcpError = { message: string; data: unknown };

export function mapAcpError({ message, data }: AcpError): AgentEvent {
  const own = dataSchema.safeParse(data);
  return {
    type: "error",
    kind: "other",
    code: "agent_error",
    message: (own.success ? own.data.message : message).slice(0, MESSAGE_CHARS_MAX),
  };
}

/** How a turn ended that the agent ended by itself; an error says why where it was not done. */
export function mapStopReason(stopReason: string): { reason: TurnEnd; error: AgentEvent | null } {
  if (stopReason === "end_turn") return { reason: "completed", error: null };
  if (stopReason === "cancelled") return { reason: "interrupted", error: null };
  const message =
    stopReason === "refusal"
      ? "The model refused to go on."
      : `The agent ended its turn: ${stopReason}.`;
  return {
    reason: "error",
    error: { type: "error", kind: "other", code: stopReason, message },
  };
}
