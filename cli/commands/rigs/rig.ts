import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { printJson, printLine, printTable } from "../../output.ts";
import { townCommand, withTownOf, type TownOptions } from "../town-command.ts";
import { addRigCredential } from "./rig-credential.ts";
import { addRigSet } from "./rig-set.ts";
import { addRigRemove } from "./trash.ts";
import { settingsOf, withRigSettings, type RigSettingsOptions } from "./rig-settings.ts";

interface AddOptions extends TownOptions, RigSettingsOptions {
  name?: string;
}

/** `gastown rig`: the repositories the town works on. */
export function addRig(program: Command): void {
  const group = program.command("rig").description("Repositories the town works on");
  withRigSettings(
    townCommand(
      group,
      "add <repository>",
      "Add a repository by URL or local path; its gates run once as a baseline",
    ).option("--name <name>", "what to call it"),
  ).action(async (repository: string, options: AddOptions) => {
    const { name } = options;
    // A path is this shell's to resolve: the town stands elsewhere.
    const remote = existsSync(repository) ? resolve(repository) : repository;
    const input = { remote, ...(name !== undefined && { name }), ...settingsOf(options) };
    await withTownOf(options, async (town) => {
      const rig = await town.call("rig.add", input);
      if (options.json === true) printJson(rig);
      else
        printLine(
          `Rig ${rig.name} is added and ${rig.state}. \`gastown rig list\` shows when it is ready.`,
        );
    });
  });
  addList(group);
  addRigSet(group);
  addRigCredential(group);
  addRigRemove(group);
}

function addList(group: Command): void {
  townCommand(group, "list", "List the rigs").action(async (options: TownOptions) => {
    await withTownOf(options, async (town) => {
      const rigs = await town.call("rig.list", {});
      if (options.json === true) return printJson(rigs);
      const rows = rigs.map((rig) => [
        rig.name,
        rig.deletion === null ? rig.state : "being deleted",
        rig.target,
        rig.delivery,
        rig.parked?.message ?? rig.remote,
      ]);
      const none = "No rig yet: `gastown rig add REPOSITORY` adds one.";
      printTable(["rig", "state", "target", "delivery", "remote"], rows, none);
    });
  });
}
