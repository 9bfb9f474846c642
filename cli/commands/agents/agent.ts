/** `gastown agent`: who works for the town. */
import type { Command } from "commander";
import { idCell, printJson, printLine, printTable } from "../../output.ts";
import { townCommand, withTownOf, type TownOptions } from "../town-command.ts";

export function addAgent(program: Command): void {
  const group = program.command("agent").description("Who works for the town");
  townCommand(group, "list", "List agents, those at work first").action(
    async (options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const agents = await town.call("agent.list", {});
        if (options.json === true) return printJson(agents);
        const rows = agents.map(({ id, name, role, state, beadId, bubble }) => [
          idCell(id),
          name,
          role,
          state,
          beadId === null ? "-" : idCell(beadId),
          bubble ?? "",
        ]);
        printTable(["agent", "name", "role", "state", "bead", "says"], rows, "No agents.");
      });
    },
  );
  townCommand(group, "reset <agent>", "Take an agent off its run, with the work saved").action(
    async (agent: string, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const reset = await town.call("agent.reset", { agent });
        if (options.json === true) printJson(reset);
        else
          printLine(
            reset.state === "working"
              ? `${reset.name} is reset: its run is being stopped, its bead goes on with another.`
              : `${reset.name} is reset.`,
          );
      });
    },
  );
  townCommand(group, "retire <agent>", "Let an idle agent work no more").action(
    async (agent: string, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const retired = await town.call("agent.retire", { agent });
        if (options.json === true) printJson(retired);
        else printLine(`${retired.name} has retired; its runs and its history stay.`);
      });
    },
  );
}
