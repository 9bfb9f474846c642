/** `gastown settings author show|set|unset`: whose name commits carry as their author. */
import type { Command } from "commander";
import type { AuthorChoice, CommandInput } from "../../../protocol/index.ts";
import { printJson, printLine } from "../../output.ts";
import { townCommand, withTownOf, type TownOptions } from "../town-command.ts";

interface AuthorOptions extends TownOptions {
  rig?: string;
}

const SOURCES: Readonly<Record<AuthorChoice["from"], string>> = {
  rig: "set for this rig",
  town: "set for the town",
  host: "from the git of whoever started the town",
  default: "nobody is named: set one",
};

export function addAuthor(settings: Command): void {
  const author = settings.command("author").description("The author of agents' commits");
  authorCommand(author, "show", "Show whose name commits carry as their author").action(
    async (options: AuthorOptions) => {
      await withTownOf(options, async (town) =>
        print(await town.call("author.get", scopeOf(options)), options),
      );
    },
  );
  authorCommand(author, "set <name> <email>", "Name the author of the commits to come").action(
    (name: string, email: string, options: AuthorOptions) => choose({ name, email }, options),
  );
  authorCommand(author, "unset", "Let the town's author, or the host's, hold again").action(
    (options: AuthorOptions) => choose(null, options),
  );
}

async function choose(
  author: CommandInput<"author.set">["author"],
  options: AuthorOptions,
): Promise<void> {
  await withTownOf(options, async (town) =>
    print(await town.call("author.set", { author, ...scopeOf(options) }), options),
  );
}

function authorCommand(group: Command, usage: string, summary: string): Command {
  return townCommand(group, usage, summary).option("--rig <rig>", "of this rig");
}

function scopeOf({ rig }: AuthorOptions): { rig?: string } {
  return rig === undefined ? {} : { rig };
}

function print(choice: AuthorChoice, { json }: TownOptions): void {
  if (json === true) return printJson(choice);
  printLine(`${choice.name} <${choice.email}>, ${SOURCES[choice.from]}`);
}
