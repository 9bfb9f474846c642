/** The programs that an agent may be. */
import { z } from "zod";

export const agentProgramSchema = z.enum(["kilo", "opencode"]);
export type AgentProgram = z.infer<typeof agentProgramSchema>;

export const PROGRAM_TITLES: Readonly<Record<AgentProgram, string>> = {
  kilo: "kilo",
  opencode: "OpenCode",
};

/** What a role is without a choice, and all that a runner has that does not tell. */
export const DEFAULT_PROGRAM: AgentProgram = "kilo";
