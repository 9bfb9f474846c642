import type { Command } from "commander";
import { dataDirOf } from "../data-dir.ts";
import type { Finding } from "../doctor/finding.ts";
import { checkDataDir, checkDisk, checkPort, checkPrograms, checkSandbox } from "../doctor/host.ts";
import { checkBun, checkGit } from "../doctor/toolchain.ts";
import { findTownFile } from "../town-file.ts";
import { printJson, printLine } from "../output.ts";
import { townCommand, wholeNumber, type TownOptions } from "./town-command.ts";

const DEFAULT_PORT = 4270;

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
    .action(async (options: TownOptions & { port: number }) => {
      const dataDir = dataDirOf(options);
      const { checkTown } = await import("../doctor/running-town.ts");
      const findings: Finding[] = [
        checkBun(),
        await checkGit(),
        await checkSandbox(),
        checkPrograms(dataDir),
        checkDisk(dataDir),
        checkDataDir(dataDir),
        // A running town holds its port itself.
        ...(findTownFile(dataDir) === null ? [checkPort("127.0.0.1", options.port)] : []),
        ...(await checkTown(dataDir)),
      ];
      const ok = findings.every((finding) => finding.level !== "fail");
      if (options.json === true) printJson({ ok, findings });
      else for (const finding of findings) printFinding(finding);
      if (!ok) process.exitCode = 1;
    });
}

function printFinding({ check, level, text, fix }: Finding): void {
  printLine(`${level.padEnd(5)}${check.padEnd(9)}${text}${fix === null ? "" : `. ${fix}`}`);
}
