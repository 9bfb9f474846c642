/** The program's commands, and how it ends: never with a stack trace for what a person did. */
import { Command, CommanderError } from "commander";
import { StartError } from "../server/start-error.ts";
import { addAgent } from "./commands/agents/agent.ts";
import { addBead } from "./commands/bead.ts";
import { addBeads } from "./commands/beads.ts";
import { addCall } from "./commands/call.ts";
import { addConvoy } from "./commands/convoy.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addDown } from "./commands/down.ts";
import { addEscalations } from "./commands/attention/escalations.ts";
import { addExplain } from "./commands/explain.ts";
import { addLogin } from "./commands/login.ts";
import { addMayor } from "./commands/mayor.ts";
import { addModel } from "./commands/model.ts";
import { addMail } from "./commands/attention/mail.ts";
import { addQuestions } from "./commands/attention/questions.ts";
import { addBudget } from "./commands/limits/budget.ts";
import { addPause } from "./commands/limits/pause.ts";
import { addFormula, addMolecule } from "./commands/molecule.ts";
import { addBrowse } from "./commands/rigs/browse.ts";
import { addTake } from "./commands/rigs/take.ts";
import { addRig } from "./commands/rigs/rig.ts";
import { addTrash } from "./commands/rigs/trash.ts";
import { addRunner } from "./commands/runner.ts";
import { addSettings } from "./commands/settings.ts";
import { addSmoke } from "./smoke/add-smoke.ts";
import { addSling } from "./commands/sling.ts";
import { addSlice } from "./commands/slices/slice.ts";
import { addStatus } from "./commands/status.ts";
import { addToken } from "./commands/token.ts";
import { addAttach } from "./commands/terminals/attach.ts";
import { addUp } from "./commands/up.ts";
import { addWatch } from "./commands/watch.ts";
import { Complaint } from "./complaint.ts";
import { printNote } from "./output.ts";
import { appVersion } from "./version.ts";

/**
 * Runs the command line.
 * @param arguments_ without the program's own name
 * @returns the exit code: 0 done, 1 it did not work, 2 it was asked wrongly
 */
export async function runProgram(arguments_: readonly string[]): Promise<number> {
  let misread: Command | null = null;
  const program = createProgram((command) => {
    misread = command;
  });
  try {
    await program.parseAsync([...arguments_], { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return tell(error, misread ?? program);
  }
}

/** @param onMisread told of the command that cannot be read as it was typed */
function createProgram(onMisread: (command: Command) => void): Command {
  const program = new Command("gastown")
    .description(
      "A town of coding agents: say what you want to the Mayor, watch it being built, reviewed and landed.",
    )
    .version(appVersion, "--version", "print the version")
    .helpCommand(false)
    // `runner` has options of its own beside those of its subcommands, e.g. --data.
    .enablePositionalOptions();
  for (const add of [
    addUp,
    addDown,
    addLogin,
    addStatus,
    addDoctor,
    addMayor,
    addSling,
    addBeads,
    addBead,
    addConvoy,
    addAgent,
    addFormula,
    addMolecule,
    addEscalations,
    addExplain,
    addQuestions,
    addPause,
    addMail,
    addBudget,
    addRig,
    addBrowse,
    addTake,
    addTrash,
    addSettings,
    addSlice,
    addToken,
    addCall,
    addWatch,
    addAttach,
    addRunner,
    addModel,
    addSmoke,
  ]) {
    add(program);
  }
  forEachCommand(program, (command) =>
    command.exitOverride().configureOutput({ outputError: () => onMisread(command) }),
  );
  return program;
}

function forEachCommand(command: Command, act: (command: Command) => void): void {
  act(command);
  for (const child of command.commands) forEachCommand(child, act);
}

function tell(error: unknown, misread: Command): number {
  if (error instanceof CommanderError) return tellUsage(error, misread);
  if (error instanceof Complaint || error instanceof StartError) {
    printNote(`gastown: ${error.message}`);
    return error instanceof Complaint ? error.exitCode : 1;
  }
  const message = error instanceof Error ? error.message : String(error);
  printNote(
    `gastown: this is a fault of the program: ${message.split("\n")[0] ?? ""}. The town's log in its data directory may say more.`,
  );
  return 1;
}

/** Help and version end with 0 and are printed already; the rest becomes one line. */
function tellUsage(error: CommanderError, misread: Command): number {
  if (error.exitCode === 0) return 0;
  if (error.code === "commander.help") return 2;
  const sentence = error.message.replace(/^error: /, "");
  const shows = misread.commands.length > 0 ? "lists its commands" : "shows its options";
  printNote(`gastown: ${sentence.replaceAll("\n", " ")}. \`${nameOf(misread)} --help\` ${shows}.`);
  return 2;
}

/** As it is typed, from the program's own name. */
function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}
