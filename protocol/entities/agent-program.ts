/** The programs that an agent may be. */
import { z } from "zod";
import type { Role } from "../run.ts";

export const agentProgramSchema = z.enum(["kilo", "opencode", "claude-code", "codex"]);
export type AgentProgram = z.infer<typeof agentProgramSchema>;

export const PROGRAM_TITLES: Readonly<Record<AgentProgram, string>> = {
  kilo: "kilo",
  opencode: "OpenCode",
  "claude-code": "Claude Code",
  codex: "Codex",
};

/** Roles that a program cannot be kept to. Codex reads by its shell, so it has no role without one. */
const UNFIT: Readonly<Partial<Record<AgentProgram, readonly Role[]>>> = {
  codex: ["refinery", "mayor", "triage"],
};

/** Whether agents of this role may be the program. */
export function programFits(program: AgentProgram, role: Role): boolean {
  return !(UNFIT[program] ?? []).includes(role);
}

/** The programs that agents of this role may be. */
export function programsFor(role: Role): readonly AgentProgram[] {
  return agentProgramSchema.options.filter((program) => programFits(program, role));
}

/** What a role is without a choice, and all that a runner has that does not tell. */
export const DEFAULT_PROGRAM: AgentProgram = "kilo";
