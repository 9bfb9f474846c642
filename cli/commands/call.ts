import type { Command } from "commander";
import { commands } from "../../protocol/index.ts";
import { printJson } from "../output.ts";
import { parseJson, readText, townCommand, withTownOf, type TownOptions } from "./town-command.ts";

/** `gastown call`: any command or query, as it is on the wire. */
export function addCall(program: Command): void {
  townCommand(
    program,
    "call <command> [json]",
    "Send a command or query and print its acknowledgement",
  )
    .option("--key <key>", "idempotency key: the same key acts once")
    .addHelpText("after", commandList())
    .action(
      async (name: string, json: string | undefined, options: TownOptions & { key?: string }) => {
        const body =
          json === undefined
            ? {}
            : parseJson(json === "-" ? await readText("-") : json, "The body");
        const key = options.key ?? `cli-${crypto.randomUUID()}`;
        const ack = await withTownOf(options, (town) => town.ask(name, body, key));
        printJson(ack);
        if (!ack.ok) process.exitCode = 1;
      },
    );
}

function commandList(): string {
  const lines = Object.entries(commands).map(
    ([name, { summary }]) => `  ${name.padEnd(24)}${summary}`,
  );
  return `\nCommands:\n${lines.join("\n")}\n\nThe body is JSON; - reads it from standard input.`;
}
