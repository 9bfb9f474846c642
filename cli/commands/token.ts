import type { Command } from "commander";
import type { CommandInput, CommandValue } from "../../protocol/index.ts";
import { printJson, printLine, printNote, printTable } from "../output.ts";
import { rightsOf } from "./runners/grants.ts";
import { mayWords } from "./runners/runner-words.ts";
import { oneOf, townCommand, withTownOf, type TownOptions } from "./town-command.ts";

function stateOf({ role, joinedAt, revokedAt }: CommandValue<"token.list">[number]): string {
  if (revokedAt !== null) return "revoked";
  if (role === "owner") return "valid";
  return joinedAt === null ? "unused" : "joined";
}

/** `gastown token`: what runners join with. */
export function addToken(program: Command): void {
  const group = program.command("token").description("Tokens with which runners join, each once");
  townCommand(group, "create", "Create a token; it is shown once")
    .requiredOption("--role <role>", "runner", oneOf("--role", ["runner"]))
    .option("--name <name>", "what to call it", "runner")
    .option(
      "--rights <rights>",
      "what its runner may be given: model (the model's key; without it agents call through the town), merge (landings), model,merge, or none",
      rightsOf,
      [],
    )
    .action(async (options: TownOptions & CommandInput<"token.create">) => {
      const { role, name, rights = [] } = options;
      await withTownOf(options, async (town) => {
        const made = await town.call("token.create", { role, name, rights });
        if (options.json === true) printJson(made);
        else {
          printLine(made.token);
          printNote(`Its runner may ${mayWords(rights)}: \`gastown runner rights\` changes that.`);
          printNote(
            `Start the runner with \`gastown runner --town ${town.url} --token …\`, or put it in GASTOWN_TOKEN.`,
          );
        }
      });
    });
  townCommand(group, "list", "List tokens, without their secrets").action(
    async (options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const tokens = await town.call("token.list", {});
        if (options.json === true) printJson(tokens);
        else {
          const rows = tokens.map((token) => [token.id, token.role, stateOf(token), token.name]);
          printTable(["token", "role", "state", "name"], rows, "No tokens.");
        }
      });
    },
  );
  townCommand(group, "revoke <id>", "Make a token worthless and close its connections").action(
    async (id: string, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const revoked = await town.call("token.revoke", { id });
        if (options.json === true) printJson(revoked);
        else
          printLine(
            `Token ${id} is revoked: its runner is disconnected, and its beads go on elsewhere from what the rig's repository has of them. It may know the model's key: change that if you do not trust its host.`,
          );
      });
    },
  );
}
