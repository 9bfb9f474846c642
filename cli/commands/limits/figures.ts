/** `gastown settings list|set|unset`: figures of the town and of rigs. */
import type { Command } from "commander";
import type { Setting } from "../../../protocol/index.ts";
import { Complaint } from "../../complaint.ts";
import { printJson, printTable } from "../../output.ts";
import { townCommand, withTownOf, type TownOptions } from "../town-command.ts";

interface FigureOptions extends TownOptions {
  rig?: string;
  all?: boolean;
}

export function addFigures(settings: Command): void {
  figureCommand(settings, "list [key]", "List the figures that differ from their default, or one")
    .option("--all", "list every figure")
    .action(async (key: string | undefined, options: FigureOptions) => {
      await withTownOf(options, async (town) => {
        const all = await town.call("settings.get", scopeOf(options));
        const wanted = all.filter((each) =>
          key === undefined ? options.all === true || each.from !== "default" : each.key === key,
        );
        if (key !== undefined && wanted.length === 0)
          throw new Complaint(`There is no setting ${key} here.`, 2);
        print(wanted, options);
      });
    });
  figureCommand(settings, "set <key> <value>", "Set a figure").action(
    async (key: string, value: string, options: FigureOptions) => {
      await withTownOf(options, async (town) => {
        const body = { key, value: Number(value), ...scopeOf(options) };
        print([await town.call("settings.set", body)], options);
      });
    },
  );
  figureCommand(
    settings,
    "unset <key>",
    "Let the default, or the town's figure, hold again",
  ).action(async (key: string, options: FigureOptions) => {
    await withTownOf(options, async (town) => {
      print([await town.call("settings.unset", { key, ...scopeOf(options) })], options);
    });
  });
}

function figureCommand(settings: Command, usage: string, summary: string): Command {
  return townCommand(settings, usage, summary).option("--rig <rig>", "of this rig");
}

function scopeOf({ rig }: FigureOptions): { rig?: string } {
  return rig === undefined ? {} : { rig };
}

function print(settings: readonly Setting[], { json }: TownOptions): void {
  if (json === true) return printJson(settings);
  const rows = settings.map(({ key, value, from, default: standard, says }) => [
    key,
    String(value),
    from === "default" ? "default" : `${from}, default ${standard}`,
    says,
  ]);
  printTable(["setting", "value", "from", "what it is"], rows, "All figures are at their default.");
}
