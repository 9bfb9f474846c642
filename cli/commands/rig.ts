import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import {
  deliverySchema,
  savedPlaceSchema,
  type CommandInput,
  type SavedPlace,
} from "../../protocol/index.ts";
import { Complaint } from "../complaint.ts";
import { printJson, printLine, printTable } from "../output.ts";
import {
  collect,
  oneOf,
  townCommand,
  wholeNumber,
  withTownOf,
  type TownOptions,
} from "./town-command.ts";

interface AddOptions extends TownOptions {
  name?: string;
  target?: string;
  delivery?: "none" | "branch" | "merge";
  gate?: string[];
  setup?: string;
  slots?: number;
  codeReview: boolean;
  savedWork?: SavedPlace;
  confirmIsolation?: boolean;
  confirmDirectMerge?: boolean;
}

/** `gastown rig`: the repositories the town works on. */
export function addRig(program: Command): void {
  const group = program.command("rig").description("Repositories the town works on");
  townCommand(
    group,
    "add <repository>",
    "Add a repository by URL or local path; its gates run once as a baseline",
  )
    .option("--name <name>", "what to call it")
    .option("--target <branch>", "branch that work lands on")
    .option(
      "--delivery <how>",
      "none, branch or merge",
      oneOf("--delivery", deliverySchema.options),
    )
    .option(
      "--gate <name=command>",
      "a check that must be green before work lands; may be repeated",
      collect,
    )
    .option("--setup <command>", "runs once in every fresh tree")
    .option("--slots <n>", "agents at work on it at once", wholeNumber("--slots", 1, 64))
    .option("--no-code-review", "land on green gates, without a refinery")
    .option(
      "--saved-work <where>",
      "remote: unfinished work is copied to the repository after each turn; runner: it stays on its runner's disk",
      oneOf("--saved-work", savedPlaceSchema.options),
    )
    .option("--confirm-isolation", "agents on this host may read everything you can")
    .option("--confirm-direct-merge", "work may land on the target without another look")
    .action(async (repository: string, options: AddOptions) => {
      const input = rigInput(repository, options);
      await withTownOf(options, async (town) => {
        const rig = await town.call("rig.add", input);
        if (options.json === true) printJson(rig);
        else
          printLine(
            `Rig ${rig.name} is added and ${rig.state}. \`gastown rig list\` shows when it is ready.`,
          );
      });
    });
  townCommand(group, "list", "List the rigs").action(async (options: TownOptions) => {
    await withTownOf(options, async (town) => {
      const rigs = await town.call("rig.list", {});
      if (options.json === true) printJson(rigs);
      else {
        const rows = rigs.map((rig) => [
          rig.name,
          rig.state,
          rig.target,
          rig.delivery,
          rig.parked?.message ?? rig.remote,
        ]);
        printTable(
          ["rig", "state", "target", "delivery", "remote"],
          rows,
          "No rig yet: `gastown rig add REPOSITORY` adds one.",
        );
      }
    });
  });
  townCommand(group, "remove <rig>", "Remove a rig that has no unfinished bead").action(
    async (rig: string, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const removed = await town.call("rig.remove", { rig });
        if (options.json === true) printJson(removed);
        else printLine(`Rig ${rig} is removed. Its repository is untouched.`);
      });
    },
  );
}

function rigInput(repository: string, options: AddOptions): CommandInput<"rig.add"> {
  return {
    // A path is this shell's to resolve: the town stands elsewhere.
    remote: existsSync(repository) ? resolve(repository) : repository,
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.target === undefined ? {} : { target: options.target }),
    ...(options.delivery === undefined ? {} : { delivery: options.delivery }),
    ...(options.gate === undefined ? {} : { gates: options.gate.map(gateOf) }),
    ...(options.setup === undefined ? {} : { setup: options.setup }),
    ...(options.slots === undefined ? {} : { slots: options.slots }),
    ...(options.codeReview ? {} : { codeReview: false }),
    ...(options.savedWork === undefined ? {} : { savedWork: options.savedWork }),
    ...(options.confirmIsolation === true ? { isolationConfirmed: true } : {}),
    ...(options.confirmDirectMerge === true ? { directMergeConfirmed: true } : {}),
  };
}

function gateOf(text: string): { name: string; command: string } {
  const equals = text.indexOf("=");
  if (equals > 0 && equals < text.length - 1)
    return { name: text.slice(0, equals), command: text.slice(equals + 1) };
  throw new Complaint(`--gate must be name=command, e.g. tests='npm test', not "${text}".`, 2);
}
