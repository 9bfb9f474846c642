/** Finds kilo's native program. */
import type { Result } from "../../../protocol/error.ts";
import { findAgentProgram, type FoundProgram, type ProgramSearch } from "../agent-program.ts";

const LAYOUT = {
  command: "kilo",
  package: { platform: `@kilocode/cli-${process.platform}-${process.arch}` },
  homes: [],
  advice: "Install @kilocode/cli, or set the path of its program.",
};

/** Order: setting, PATH, locked dependency, install in the data directory. Fails with code `unsupported`. */
export function findKilo(search: ProgramSearch): Result<FoundProgram> {
  return findAgentProgram(LAYOUT, search);
}
