import type { Command } from "commander";
import { beadStatusSchema, type BeadStatus } from "../../protocol/index.ts";
import { idCell, printJson, printTable } from "../output.ts";
import { oneOf, townCommand, wholeNumber, withTownOf, type TownOptions } from "./town-command.ts";

interface BeadOptions extends TownOptions {
  rig?: string;
  status?: BeadStatus;
  limit?: number;
  text?: string;
  archived?: boolean;
}

/** `gastown beads`: the work items, newest first. */
export function addBeads(program: Command): void {
  townCommand(program, "beads", "List beads, newest first")
    .option("--rig <rig>", "of this rig only")
    .option(
      "--status <status>",
      beadStatusSchema.options.join(", "),
      oneOf("--status", beadStatusSchema.options),
    )
    .option("--text <words>", "with these words in title, body or labels")
    .option("--archived", "archived ones too")
    .option("--limit <n>", "at most this many", wholeNumber("--limit", 1, 500))
    .action(async (options: BeadOptions) => {
      await withTownOf(options, async (town) => {
        const beads = await town.call("bead.list", {
          ...(options.rig === undefined ? {} : { rig: options.rig }),
          ...(options.status === undefined ? {} : { status: options.status }),
          ...(options.text === undefined ? {} : { text: options.text }),
          ...(options.archived === true ? { archived: true } : {}),
          ...(options.limit === undefined ? {} : { limit: options.limit }),
        });
        if (options.json === true) printJson(beads);
        else {
          const rows = beads.map((bead) => [
            idCell(bead.id),
            bead.status,
            bead.outcome ?? bead.failure?.message ?? bead.wait?.text ?? "",
            bead.title,
          ]);
          printTable(
            ["bead", "status", "why", "title"],
            rows,
            'No beads. `gastown mayor "…"` or `gastown sling` makes some.',
          );
        }
      });
    });
}
