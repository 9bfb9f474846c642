import type { Command } from "commander";
import { printJson, printLine } from "../output.ts";
import { townCommand, withTownOf, type TownOptions } from "./town-command.ts";

/** `gastown login`: another one-time link. */
export function addLogin(program: Command): void {
  townCommand(program, "login", "Print a fresh one-time login link, good for ten minutes").action(
    async (options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const link = await town.call("login.create", {});
        if (options.json === true) printJson(link);
        else printLine(link.url);
      });
    },
  );
}
