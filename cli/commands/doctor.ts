import type { Command } from "commander";
import { Complaint } from "../complaint.ts";
import { dataDirOf } from "../data-dir.ts";
import { carryOut, planRemoval, planUsers } from "../doctor/agent-users.ts";
import type { Finding } from "../doctor/finding.ts";
import { checkDataDir, checkDisk, checkPort, checkPrograms, checkSandbox } from "../doctor/host.ts";
import { checkBun, checkGit } from "../doctor/toolchain.ts";
import { findTownFile } from "../town-file.ts";
import { printJson, printLine } from "../output.ts";
import { townCommand, wholeNumber, type TownOptions } from "./town-command.ts";

const DEFAULT_PORT = 4270;

type Options = TownOptions & { port: number; fix?: boolean; removeUsers?: boolean };

/** `gastown doctor`: what this host lacks, each with what to do. */
export function addDoctor(program: Command): void {
  townCommand(
    program,
    "doctor",
    "Check toolchain, sandbox, agent programs, model, disk, data directory and port",
  )
    .option(
      "--port <n>",
      "port the town is to listen on",
      wholeNumber("--port", 0, 65_535),
      DEFAULT_PORT,
    )
    .option("--fix", "set up users for agents where bubblewrap does not work; shows what it runs")
    .option("--remove-users", "take the users for agents away again; shows what it runs")
    .action(async (options: Options) => {
      const dataDir = dataDirOf(options);
      const did = await repair(options);
      const { checkTown } = await import("../doctor/running-town.ts");
      const findings: Finding[] = [
        checkBun(),
        await checkGit(),
        await checkSandbox(dataDir),
        checkPrograms(dataDir),
        checkDisk(dataDir),
        checkDataDir(dataDir),
        // A running town holds its port itself.
        ...(findTownFile(dataDir) === null ? [checkPort("127.0.0.1", options.port)] : []),
        ...(await checkTown(dataDir)),
      ];
      const ok = findings.every((finding) => finding.level !== "fail");
      if (options.json === true) printJson({ ok, findings, ...(did && { did }) });
      else for (const finding of findings) printFinding(finding);
      if (!ok) process.exitCode = 1;
    });
}

/** What was run; null when nothing was to be. */
async function repair({ fix, removeUsers, json }: Options): Promise<string[] | null> {
  if (fix !== true && removeUsers !== true) return null;
  if (fix === true && removeUsers === true)
    throw new Complaint("--fix and --remove-users contradict each other; give one of them.", 2);
  const did: string[] = [];
  await carryOut(fix === true ? await planUsers() : await planRemoval(), (line) => {
    did.push(line);
    if (json !== true) printLine(`run  ${line}`);
  });
  if (did.length === 0 && json !== true) printLine("run  nothing: it is so already");
  return did;
}

function printFinding({ check, level, text, fix }: Finding): void {
  printLine(`${level.padEnd(5)}${check.padEnd(9)}${text}${fix === null ? "" : `. ${fix}`}`);
}
