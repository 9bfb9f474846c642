import type { Command } from "commander";
import { commands, type CommandInput } from "../../protocol/index.ts";
import { Complaint } from "../complaint.ts";
import { idCell, printJson, printLine, printTable } from "../output.ts";
import { parseJson, readText, townCommand, withTownOf, type TownOptions } from "./town-command.ts";

/** `gastown convoy`: beads that belong together. */
export function addConvoy(program: Command): void {
  const group = program
    .command("convoy")
    .description("Beads that depend on each other and land together");
  townCommand(group, "list", "List convoys with their progress").action(
    async (options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const convoys = await town.call("convoy.list", {});
        if (options.json === true) printJson(convoys);
        else {
          const rows = convoys.map(({ convoy, total, landed, failed }) => [
            idCell(convoy.id),
            convoy.state,
            `${landed}/${total}${failed > 0 ? `, ${failed} failed` : ""}`,
            convoy.title,
          ]);
          printTable(["convoy", "state", "landed", "title"], rows, "No convoys.");
        }
      });
    },
  );
  townCommand(group, "show <convoy>", "Show a convoy and its beads").action(
    async (ref: string, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const { convoy, beads } = await town.call("convoy.get", { convoy: ref });
        if (options.json === true) printJson({ convoy, beads });
        else {
          printLine(`${convoy.title}: ${convoy.state}`);
          const rows = beads.map((bead) => [
            idCell(bead.id),
            bead.status,
            bead.blockedBy.map(idCell).join(" ") || "-",
            bead.title,
          ]);
          printTable(["bead", "status", "waits for", "title"], rows, "No beads.");
        }
      });
    },
  );
  townCommand(group, "sling <file>", "Sling a convoy from a JSON file, - for standard input")
    .addHelpText("after", SLING_HELP)
    .action(async (file: string, options: TownOptions) => {
      const input = convoyInput(
        parseJson(await readText(file), file === "-" ? "Standard input" : file),
      );
      await withTownOf(options, async (town) => {
        const slung = await town.call("convoy.sling", input);
        if (options.json === true) printJson(slung);
        else
          printLine(`Convoy ${idCell(slung.convoy.id)} is slung with ${slung.beads.length} beads.`);
      });
    });
}

const SLING_HELP = `
The file: {"rig": "name", "title": "…", "tasks": [{"key": "a", "title": "…", "body": "…", "dependsOn": []}, …]}
With "parallel": true tasks need not depend on each other.`;

/** Checked here as well, so that a wrong file is told without a town. */
function convoyInput(value: unknown): CommandInput<"convoy.sling"> {
  const parsed = commands["convoy.sling"].body.safeParse(value);
  if (parsed.success) return value as CommandInput<"convoy.sling">;
  const issue = parsed.error.issues[0];
  throw new Complaint(
    `The convoy is wrong at ${issue?.path.join(".") || "the top"}: ${issue?.message ?? "not a convoy"}.`,
    2,
  );
}
