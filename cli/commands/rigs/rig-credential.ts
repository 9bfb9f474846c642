/** `gastown rig credential`: the user name and token with which a rig's repository is reached. */
import type { Command } from "commander";
import { Complaint } from "../../complaint.ts";
import { printJson, printLine } from "../../output.ts";
import type { TownClient } from "../../town-client.ts";
import { readText, townCommand, withTownOf, type TownOptions } from "../town-command.ts";

interface CredentialOptions extends TownOptions {
  user: string;
  file?: string;
  check?: boolean;
  untried?: boolean;
  remove?: boolean;
}

export function addRigCredential(group: Command): void {
  townCommand(
    group,
    "credential <rig>",
    "Give a rig's https repository a user name and a token, read from standard input; nobody is shown it again",
  )
    .option("--user <name>", "the user name; most code hosts take any beside a token", "git")
    .option("--file <path>", "read the token from this file instead")
    .option("--untried", "keep it without trying it first, e.g. while no runner is connected")
    .option("--check", "try the one that the rig has")
    .option("--remove", "take it away: git goes with what each host has")
    .action(async (rig: string, options: CredentialOptions) => {
      if (options.check === true) return check(rig, options);
      if (options.remove === true) return remove(rig, options);
      const password = (await readText(options.file ?? "-")).replace(/\r?\n$/, "");
      if (password === "")
        throw new Complaint("Give the token on standard input, e.g. from your keyring.", 2);
      await withTownOf(options, async (town) => {
        const given = { rig, username: options.user, password };
        if (options.untried !== true) await town.call("credential.test", given);
        const changed = await town.call("credential.set", given);
        if (options.json === true) return printJson(changed);
        const tried = options.untried === true ? "" : "It may read and write the repository. ";
        printLine(`${tried}Rig ${changed.name} has it now, and its baseline runs again.`);
      });
    });
}

async function check(rig: string, options: CredentialOptions): Promise<void> {
  await withTownOf(options, async (town: TownClient) => {
    const tried = await town.call("credential.test", { rig });
    if (options.json === true) printJson(tried);
    else printLine("The rig's credential may read and write its repository.");
  });
}

async function remove(rig: string, options: CredentialOptions): Promise<void> {
  await withTownOf(options, async (town) => {
    const changed = await town.call("credential.remove", { rig });
    if (options.json === true) return printJson(changed);
    printLine(`Rig ${changed.name} has none any more. Its baseline runs again.`);
  });
}
