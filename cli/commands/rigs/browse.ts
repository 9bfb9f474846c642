/** `gastown browse` and `gastown log`: a rig's repository at any ref, without a checkout. */
import type { Command } from "commander";
import { BROWSE_COMMITS_MAX, type Browsed, type CommandInput } from "../../../protocol/index.ts";
import { Complaint } from "../../complaint.ts";
import { printJson, printLine, printNote, printTable } from "../../output.ts";
import { townCommand, wholeNumber, withTownOf, type TownOptions } from "../town-command.ts";

interface BrowseOptions extends TownOptions {
  ref?: string;
  fetch?: boolean;
  offset?: number;
  count?: number;
}

const COMMITS = 20;

export function addBrowse(program: Command): void {
  withRef(
    townCommand(program, "browse <rig> [path]", "Show a folder or a file of a rig's repository"),
  )
    .option("--offset <byte>", "of a long file: where to begin", wholeNumber("--offset", 0, 8e6))
    .action((rig: string, path: string | undefined, options: BrowseOptions) =>
      look(options, { rig, path: path ?? "", offset: options.offset ?? 0 }),
    );
  withRef(
    townCommand(
      program,
      "log <rig> [path]",
      "List the commits of a rig's repository, newest first",
    ),
  )
    .option("-n, --count <n>", "how many", wholeNumber("--count", 1, BROWSE_COMMITS_MAX))
    .action((rig: string, path: string | undefined, options: BrowseOptions) =>
      look(options, { rig, path: path ?? "", commits: options.count ?? COMMITS }),
    );
}

function withRef(command: Command): Command {
  return command
    .option("--ref <ref>", "a branch or a commit; the rig's target unless given")
    .option("--fetch", "ask the repository for what is new first");
}

async function look(
  options: BrowseOptions,
  wish: Pick<CommandInput<"rig.browse">, "rig" | "path" | "offset" | "commits">,
): Promise<void> {
  const { ref, fetch } = options;
  await withTownOf(options, async (town) => {
    const found = await town.call("rig.browse", {
      ...wish,
      ...(ref !== undefined && { ref }),
      ...(fetch === true && { fetch }),
    });
    if (options.json === true) printJson(found);
    else show(found);
  });
}

function show(found: Browsed): void {
  switch (found.kind) {
    case "folder": {
      const rows = found.entries.map(({ name, kind, bytes }) => [
        bytes === null ? kind : String(bytes),
        kind === "folder" ? `${name}/` : name,
      ]);
      printTable(["bytes", "name"], rows, "The folder is empty.");
      if (found.isCut) printNote("There are more entries than are shown.");
      return;
    }
    case "file":
      if (found.isBinary)
        throw new Complaint(`${found.path} is a binary file of ${found.bytes} bytes.`);
      printLine(found.text.replace(/\n$/, ""));
      if (found.next !== null)
        printNote(`${found.bytes} bytes in all: go on with --offset ${found.next}.`);
      return;
    case "log": {
      const rows = found.commits.map(({ oid, at, author, subject }) => [
        oid.slice(0, 10),
        new Date(at).toISOString().slice(0, 16).replace("T", " "),
        author,
        subject,
      ]);
      printTable(["commit", "at", "author", "subject"], rows, "There is no commit.");
      if (found.isCut) printNote("There are older ones: ask for more with --count.");
    }
  }
}
