import type { Command } from "commander";
import type { CommandValue } from "../../protocol/index.ts";
import { printJson, printLine, printTable } from "../output.ts";
import { runnerCells, runnerHeadings } from "./runners/runner-words.ts";
import { townCommand, withTownOf, type TownOptions } from "./town-command.ts";

/** `gastown status`: the town at a glance. */
export function addStatus(program: Command): void {
  townCommand(program, "status", "Show the town, its rigs, runners and counts").action(
    async (options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const status = await town.call("town.status", {});
        if (options.json === true) printJson(status);
        else printStatus(town.url, status);
      });
    },
  );
}

function printStatus(url: string, status: CommandValue<"town.status">): void {
  const { town, rigs, runners, counts } = status;
  printLine(
    `${town.name} at ${url}, version ${town.appVersion}${town.demo ? " (demo, scripted model)" : ""}`,
  );
  printLine(
    town.model === null
      ? "No model yet: `gastown settings model set` chooses one."
      : `Model ${town.model.model} (${town.model.provider})`,
  );
  const { pause } = town.limits;
  if (pause !== null)
    printLine(
      `${pause.kind === "stop" ? "Stopped" : "Paused"}${pause.reason === "" ? "" : ` (${pause.reason})`}: \`gastown resume\` goes on.`,
    );
  const beads = Object.entries(counts).map(
    ([name, count]) => `${count} ${name.replaceAll("_", " ")}`,
  );
  printLine(
    `Beads: ${beads.join(", ") || "none"}; ${status.liveRuns} runs live, ${status.openEscalations} escalations open`,
  );
  const { linesAtRisk: lines } = town;
  printLine(
    `${lines} ${lines === 1 ? "line" : "lines"} at risk${lines === 0 ? "" : ": unfinished work that the disk of one runner alone holds. `gastown bead show` says of a bead why"}`,
  );
  printLine("");
  printTable(
    ["rig", "state", "target", "delivery", "remote"],
    rigs.map((rig) => [
      rig.name,
      rig.state,
      rig.target,
      rig.delivery,
      rig.parked?.message ?? rig.remote,
    ]),
    "No rig yet: `gastown rig add REPOSITORY` adds one.",
  );
  printLine("");
  printTable(runnerHeadings, runners.map(runnerCells), "No runner has joined.");
}
