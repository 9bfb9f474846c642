/** Which agent programs a host has. */
import { agentProgramSchema, type AgentProgram } from "../../protocol/entities/agent-program.ts";
import type { Result } from "../../protocol/error.ts";
import type { AcpProgram } from "./acp/acp-program.ts";
import { CLAUDE_CODE } from "./acp/claude-code.ts";
import { CODEX } from "./acp/codex.ts";
import { OPENCODE } from "./acp/opencode.ts";
import { findKilo } from "./kilo/kilo-binary.ts";
import { findAgentProgram, type FoundProgram, type ProgramSearch } from "./agent-program.ts";

/** Programs that are driven over the Agent Client Protocol. */
export const ACP_PROGRAMS: Readonly<Record<Exclude<AgentProgram, "kilo">, AcpProgram>> = {
  opencode: OPENCODE,
  "claude-code": CLAUDE_CODE,
  codex: CODEX,
};

/** Fails with code `unsupported`, and what to do. `setting` is kilo's. */
export function findProgram(program: AgentProgram, search: ProgramSearch): Result<FoundProgram> {
  if (program === "kilo") return findKilo(search);
  return findAgentProgram(ACP_PROGRAMS[program].layout, { ...search, setting: null });
}

/** Every program, with where it is or why it is not. */
export function findPrograms(
  search: ProgramSearch,
): { program: AgentProgram; at: Result<FoundProgram> }[] {
  return agentProgramSchema.options.map((program) => ({
    program,
    at: findProgram(program, search),
  }));
}
