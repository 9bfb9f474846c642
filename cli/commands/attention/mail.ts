import { type Command, Option } from "commander";
import { mailModeSchema, type CommandInput, type Mail } from "../../../protocol/index.ts";
import { idCell, printJson, printLine, printTable } from "../../output.ts";
import { townCommand, withTownOf, type TownOptions } from "../town-command.ts";

interface SendOptions extends TownOptions {
  mode?: CommandInput<"mail.send">["mode"];
}

/** `gastown mail`: messages to agents. */
export function addMail(program: Command): void {
  const group = program.command("mail").description("Messages to agents");
  townCommand(group, "list", "List them, newest first").action(async (options: TownOptions) => {
    await withTownOf(options, async (town) => {
      const list = await town.call("mail.list", {});
      if (options.json === true) printJson(list);
      else printTable(["mail", "to", "state", "from", "says"], list.map(row), "No messages.");
    });
  });
  townCommand(group, "send <to> <text>", "Send one to a bead's agent, or to an agent")
    .addOption(new Option("--mode <mode>", "when it is read").choices(mailModeSchema.options))
    .action(async (to: string, text: string, options: SendOptions) => {
      await withTownOf(options, async (town) => {
        const mode = options.mode === undefined ? {} : { mode: options.mode };
        say(options, await town.call("mail.send", { to, text, ...mode }));
      });
    });
  townCommand(group, "nudge <to> [text]", "A word to read when its turn is over").action(
    async (to: string, text: string | undefined, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        say(options, await town.call("nudge", { to, ...(text !== undefined && { text }) }));
      });
    },
  );
}

function say(options: TownOptions, mail: Mail): void {
  if (options.json === true) printJson(mail);
  else printLine(`${idCell(mail.id)} is on its way.`);
}

function row({ id, toId, state, from, title }: Mail): string[] {
  return [idCell(id), idCell(toId), state, from, title];
}
