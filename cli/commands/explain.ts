import type { Command } from "commander";
import type { Explanation } from "../../protocol/index.ts";
import { Complaint } from "../complaint.ts";
import { printJson, printLine } from "../output.ts";
import type { TownClient } from "../town-client.ts";
import { townCommand, withTownOf, type TownOptions } from "./town-command.ts";

/** `gastown explain REF`: why a bead, review, convoy, run or rig is where it is. */
export function addExplain(program: Command): void {
  townCommand(
    program,
    "explain <id>",
    "Say why a bead, review, convoy, run or rig is not moving",
  ).action(async (id: string, options: TownOptions) => {
    await withTownOf(options, async (town) => {
      const explanation = await ask(town, id);
      if (options.json === true) printJson(explanation);
      else for (const line of lines(explanation)) printLine(line);
    });
  });
}

function ask(town: TownClient, id: string): Promise<Explanation> {
  const prefix = id.slice(0, 2);
  if (prefix === "bd") return town.call("bead.explain", { bead: id });
  if (prefix === "mr") return town.call("review.explain", { review: id });
  if (prefix === "cv") return town.call("convoy.explain", { convoy: id });
  if (prefix === "rn") return town.call("run.explain", { run: id });
  if (prefix === "rg") return town.call("rig.explain", { rig: id });
  throw new Complaint(`${id} is no id of a bead, review, convoy, run or rig.`, 2);
}

function lines({ text, reasons, can }: Explanation): string[] {
  return [
    text,
    ...reasons.map((reason) => {
      const until =
        reason.untilAt === null
          ? ""
          : ` (until ${new Date(reason.untilAt).toLocaleString("sv-SE")})`;
      return `  - ${reason.text}${until}`;
    }),
    ...can.map(
      (remedy) =>
        `  > ${remedy.text}: gastown call ${remedy.command} '${JSON.stringify(remedy.body)}'`,
    ),
  ];
}
