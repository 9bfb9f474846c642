/** `gastown rig remove` and `gastown trash`: rigs that are deleted, taken back, and gone for good. */
import { Option, type Command } from "commander";
import { workChoiceSchema, type TrashedRig, type WorkChoice } from "../../../protocol/index.ts";
import { printJson, printLine, printTable } from "../../output.ts";
import { townCommand, withTownOf, type TownOptions } from "../town-command.ts";

const DROPS = "is deleted in its repository too";
const SAVES = "stays where its repository does not hold it";

/** Part of `gastown rig`. */
export function addRigRemove(group: Command): void {
  townCommand(group, "remove <rig>", "Delete a rig: it can be taken back from the trash for a time")
    .addOption(
      new Option(
        "--work <what>",
        "of work that has not landed, once the rig is gone for good: save what its repository lacks, or drop it there too",
      )
        .choices(workChoiceSchema.options)
        .default("save"),
    )
    .action(async (rig: string, options: TownOptions & { work: WorkChoice }) => {
      await withTownOf(options, async (town) => {
        const removed = await town.call("rig.remove", { rig, work: options.work });
        if (options.json === true) return printJson(removed);
        printLine(
          `Rig ${rig} is being deleted: its runs end with their work saved, then it is in the trash. \`gastown trash restore ${rig}\` takes it back.`,
        );
      });
    });
}

export function addTrash(program: Command): void {
  const group = program
    .command("trash")
    .description("Rigs that were deleted and can still be taken back");
  townCommand(group, "list", "List what is in the trash, and until when").action(
    async (options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const rigs = await town.call("trash.list", {});
        if (options.json === true) return printJson(rigs);
        const headings = ["rig", "deleted by", "gone for good", "beads", "its work then"];
        printTable(headings, rigs.map(cells), "The trash is empty.");
      });
    },
  );
  townCommand(group, "restore <rig>", "Take a rig back as it was; its baseline is run again")
    .option("--name <name>", "what to call it, where its name was given to another")
    .action(async (rig: string, options: TownOptions & { name?: string }) => {
      await withTownOf(options, async (town) => {
        const { name } = options;
        const back = await town.call("rig.restore", { rig, ...(name !== undefined && { name }) });
        if (options.json === true) printJson(back);
        else printLine(`Rig ${back.name} is back.`);
      });
    });
  townCommand(group, "purge <rig>", "Remove a rig in the trash for good, now").action(
    async (rig: string, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const purged = await town.call("rig.purge", { rig });
        if (options.json === true) return printJson(purged);
        printLine(
          `Rig ${rig} is gone. Runners remove what they have of it when they are connected.`,
        );
      });
    },
  );
}

function cells({ name, deletion, purgeAt, beads, unfinished }: TrashedRig): string[] {
  const open = unfinished === 0 ? "" : `, ${unfinished} unfinished`;
  return [
    name,
    deletion.by.replace(/^person:/, ""),
    new Date(purgeAt).toISOString().slice(0, 16).replace("T", " "),
    `${beads}${open}`,
    deletion.work === "drop" ? DROPS : SAVES,
  ];
}
