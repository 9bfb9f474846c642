/** `gastown settings program show|set|unset`: which program the agents of a role are. */
import type { Command } from "commander";
import {
  agentProgramSchema,
  PROGRAM_TITLES,
  roleSchema,
  type AgentProgram,
  type ProgramChoice,
  type Role,
} from "../../../protocol/index.ts";
import { printJson, printTable } from "../../output.ts";
import { oneOf, townCommand, withTownOf, type TownOptions } from "../town-command.ts";

interface ProgramOptions extends TownOptions {
  rig?: string;
}

export function addPrograms(settings: Command): void {
  const program = settings.command("program").description("Which program agents are, by role");
  programCommand(
    program,
    "show",
    "Show the program of each role, and which runners have it",
  ).action(async (options: ProgramOptions) => {
    await withTownOf(options, async (town) =>
      print(await town.call("program.get", scopeOf(options)), options),
    );
  });
  programCommand(
    program,
    "set <role> <program>",
    `Choose the program of a role: ${agentProgramSchema.options.join(" or ")}`,
  ).action(async (role: string, name: string, options: ProgramOptions) => {
    await choose(role, oneOf("<program>", agentProgramSchema.options)(name), options);
  });
  programCommand(
    program,
    "unset <role>",
    "Let the town's choice, or the default, hold again",
  ).action((role: string, options: ProgramOptions) => choose(role, null, options));
}

async function choose(
  given: string,
  program: AgentProgram | null,
  options: ProgramOptions,
): Promise<void> {
  const role: Role = oneOf("<role>", roleSchema.options)(given);
  await withTownOf(options, async (town) => {
    print([await town.call("program.set", { role, program, ...scopeOf(options) })], options);
  });
}

function programCommand(group: Command, usage: string, summary: string): Command {
  return townCommand(group, usage, summary).option("--rig <rig>", "of this rig");
}

function scopeOf({ rig }: ProgramOptions): { rig?: string } {
  return rig === undefined ? {} : { rig };
}

function print(choices: readonly ProgramChoice[], { json }: TownOptions): void {
  if (json === true) return printJson(choices);
  printTable(
    ["role", "program", "from", "runners that have it"],
    choices.map(({ role, program, from, runners }) => [
      role,
      PROGRAM_TITLES[program],
      from,
      runners.join(", ") || "none",
    ]),
    "There are no roles.",
  );
}
