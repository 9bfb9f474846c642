/** `gastown runner list, drain, resume, rights, label`: the hosts that do the town's work. */
import type { Command } from "commander";
import { idCell, printJson, printLine, printTable } from "../../output.ts";
import { townCommand, withTownOf, type TownOptions } from "../town-command.ts";
import { labelsOf, rightsOf } from "./grants.ts";
import { mayWords, runnerCells, runnerHeadings } from "./runner-words.ts";

export function addFleet(group: Command): void {
  townCommand(group, "list", "List runners").action(async (options: TownOptions) => {
    await withTownOf(options, async (town) => {
      const { runners } = await town.call("town.status", {});
      if (options.json === true) return printJson(runners);
      const rows = runners.map((runner) => [idCell(runner.id), ...runnerCells(runner)]);
      printTable(["id", ...runnerHeadings], rows, "No runner has joined.");
    });
  });
  townCommand(
    group,
    "drain <runner>",
    "Give a runner nothing new, until it is resumed; its runs end in time, with their work saved",
  )
    .option("--reason <text>", "for people who look at it")
    .action(async (runner: string, options: TownOptions & { reason?: string }) => {
      await withTownOf(options, async (town) => {
        const { reason } = options;
        const body = { runner, ...(reason !== undefined && { reason }) };
        const drained = await town.call("runner.drain", body);
        if (options.json === true) printJson(drained);
        else
          printLine(
            `${drained.name} is away: idle agents leave now, the others within the figure awayGraceMs, and their beads go on elsewhere. \`gastown runner resume ${drained.name}\` gives it work again.`,
          );
      });
    });
  townCommand(group, "resume <runner>", "Give a runner work again").action(
    async (runner: string, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const resumed = await town.call("runner.resume", { runner });
        if (options.json === true) printJson(resumed);
        else printLine(`${resumed.name} is given work again.`);
      });
    },
  );
  addRights(group);
  addLabel(group);
}

function addRights(group: Command): void {
  townCommand(
    group,
    "rights <runner> <rights>",
    "Say what a runner may be given: model (the model's key; without it agents call through the town), merge (landings), model,merge, or none",
  ).action(async (runner: string, rights: string, options: TownOptions) => {
    const wanted = rightsOf(rights);
    await withTownOf(options, async (town) => {
      const changed = await town.call("runner.rights", { runner, rights: wanted });
      if (options.json === true) printJson(changed);
      else printLine(`${changed.name} may ${mayWords(changed.rights)}.`);
    });
  });
}

function addLabel(group: Command): void {
  townCommand(
    group,
    "label <runner> <labels>",
    "Give a runner its labels, with commas between, or none; `gastown rig set --labels` says which a rig wants",
  ).action(async (runner: string, labels: string, options: TownOptions) => {
    const wanted = labelsOf(labels);
    await withTownOf(options, async (town) => {
      const changed = await town.call("runner.label", { runner, labels: wanted });
      if (options.json === true) printJson(changed);
      else printLine(`${changed.name} has ${changed.labels.join(", ") || "no label"}.`);
    });
  });
}
