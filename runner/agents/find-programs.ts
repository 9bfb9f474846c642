/** Which agent programs a host has. */
import { agentProgramSchema, type AgentProgram } from "../../protocol/entities/agent-program.ts";
import type { Result } from "../../protocol/error.ts";
import type { AcpProgram } from "./acp/acp-program.ts";
import { OPENCODE } from "./acp/opencode.ts";
import { findKilo } from "./kilo/kilo-binary.ts";
import { findNativeProgram, type NativeProgram, type ProgramSearch } from "./native-program.ts";

/** Programs that are driven over the Agent Client Protocol. */
export const ACP_PROGRAMS: Readonly<Record<Exclude<AgentProgram, "kilo">, AcpProgram>> = {
  opencode: OPENCODE,
};

/** Fails with code `unsupported`, and what to do. `setting` is kilo's. */
export function findProgram(program: AgentProgram, search: ProgramSearch): Result<NativeProgram> {
  if (program === "kilo") return findKilo(search);
  return findNativeProgram(ACP_PROGRAMS[program].layout, { ...search, setting: null });
}

/** Every program, with where it is or why it is not. */
export function findPrograms(
  search: ProgramSearch,
): { program: AgentProgram; at: Result<NativeProgram> }[] {
  return agentProgramSchema.options.map((program) => ({
    program,
    at: findProgram(program, search),
  }));
}
