import type { Command } from "commander";
import {
  deliverySchema,
  prioritySchema,
  savedText,
  type CommandInput,
  type Delivery,
  type Issue,
  type Priority,
} from "../../protocol/index.ts";
import { idCell, printJson, printLine, printTable } from "../output.ts";
import {
  collect,
  oneOf,
  readText,
  townCommand,
  withTownOf,
  type TownOptions,
} from "./town-command.ts";

/** `gastown bead`: one bead, looked at and changed. */
export function addBead(program: Command): void {
  const group = program.command("bead").description("Look at one bead, or change it");
  addShow(group);
  addCommits(group);
  addEdit(group);
  addPlain(group, "hold", "Start nothing more of it before it is released");
  addPlain(group, "release", "Let a held bead go on");
  addPlain(group, "reopen", "Start a failed or closed, unlanded bead again");
  addPlain(group, "delete", "Delete a bead that nothing depends on and nothing landed of");
  addEnds(group);
  addArchive(group);
  townCommand(group, "depend <bead> [on...]", "Set everything it waits for; none frees it").action(
    async (bead: string, on: string[], options: TownOptions) => {
      await withTownOf(options, async (town) => {
        told(options, await town.call("bead.rewire", { bead, dependsOn: on }));
      });
    },
  );
}

function told(options: TownOptions, bead: Issue): void {
  if (options.json === true) return printJson(bead);
  const waits = bead.wait === null ? "" : `; ${bead.wait.text}`;
  const held = bead.held ? ", held" : "";
  const closing = bead.closing === null ? "" : `, to be closed (${bead.closing.waitsFor})`;
  printLine(`Bead ${idCell(bead.id)} is ${bead.status}${held}${closing}${waits}: ${bead.title}`);
}

function addShow(group: Command): void {
  townCommand(group, "show <bead>", "Show a bead with its runs, reviews and history").action(
    async (bead: string, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const shown = await town.call("bead.get", { bead });
        if (options.json === true) return printJson(shown);
        const { title, status, body } = shown.bead as Partial<Issue>;
        printLine(`${title ?? bead}: ${status ?? ""}`);
        if (body) printLine(body);
        const { savedWork } = shown.bead as Partial<Issue>;
        if (savedWork && status !== "closed") {
          const { runners } = await town.call("town.status", {});
          const runner = runners.find(({ id }) => id === savedWork.runnerId);
          printLine(`Work: ${savedText(savedWork, runner?.name ?? "that is gone")}`);
        }
        for (const event of shown.events)
          printLine(`${new Date(event.at).toISOString()}  ${event.actor}  ${event.text}`);
      });
    },
  );
}

function addCommits(group: Command): void {
  townCommand(group, "commits <bead>", "List the commits that agents made for it").action(
    async (bead: string, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const commits = await town.call("bead.commits", { bead });
        if (options.json === true) return printJson(commits);
        printTable(
          ["commit", "at", "author", "committer", "run", "subject"],
          commits.map(({ oid, at, author, committer, runId, subject }) => [
            oid.slice(0, 12),
            new Date(at).toISOString(),
            author,
            committer,
            idCell(runId),
            subject,
          ]),
          "No agent has handed in a commit for it.",
        );
      });
    },
  );
}

interface EditOptions extends TownOptions {
  title?: string;
  body?: string;
  priority?: Priority;
  label?: string[];
  assignee?: string;
  delivery?: Delivery;
  at?: string;
}

function addEdit(group: Command): void {
  townCommand(group, "edit <bead>", "Change title, body, priority, labels, assignee or delivery")
    .option("--title <text>", "its title")
    .option("--body <text>", "what to do, in full; - reads it from standard input")
    .option(
      "--priority <priority>",
      prioritySchema.options.join(", "),
      oneOf("--priority", prioritySchema.options),
    )
    .option("--label <word>", "all its labels; may be repeated", collect)
    .option("--assignee <agent>", "a polecat of its rig, preferred while idle")
    .option(
      "--delivery <how>",
      deliverySchema.options.join(", "),
      oneOf("--delivery", deliverySchema.options),
    )
    .option("--at <version>", "refuse when it was changed since this version")
    .action(async (bead: string, options: EditOptions) => {
      const { title, priority, label, assignee, delivery, at } = options;
      const body = options.body === "-" ? await readText("-") : options.body;
      const set: CommandInput<"bead.update">["set"] = {
        ...(title !== undefined && { title }),
        ...(body !== undefined && { body }),
        ...(priority !== undefined && { priority }),
        ...(label !== undefined && { labels: label }),
        ...(assignee !== undefined && { assignee }),
        ...(delivery !== undefined && { delivery }),
      };
      await withTownOf(options, async (town) => {
        const version = at === undefined ? {} : { version: Number(at) };
        told(options, await town.call("bead.update", { bead, set, ...version }));
      });
    });
}

function addPlain(
  group: Command,
  verb: "hold" | "release" | "reopen" | "delete",
  summary: string,
): void {
  townCommand(group, `${verb} <bead>`, summary).action(
    async (bead: string, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        if (verb !== "delete") return told(options, await town.call(`bead.${verb}`, { bead }));
        const { id } = await town.call("bead.delete", { bead });
        if (options.json === true) printJson({ id });
        else printLine(`Bead ${idCell(id)} is deleted.`);
      });
    },
  );
}

function addEnds(group: Command): void {
  townCommand(
    group,
    "cancel <bead> [reason...]",
    "Stop its run, save the work, then close it",
  ).action(async (bead: string, reason: string[], options: TownOptions) => {
    await withTownOf(options, async (town) => {
      told(options, await town.call("bead.cancel", { bead, reason: reason.join(" ") }));
    });
  });
  townCommand(group, "comment <bead> <text...>", "Write a line into its history").action(
    async (bead: string, text: string[], options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const { id } = await town.call("bead.comment", { bead, text: text.join(" ") });
        if (options.json === true) printJson({ id });
        else printLine(`Bead ${idCell(id)} has your comment.`);
      });
    },
  );
}

function addArchive(group: Command): void {
  townCommand(group, "archive [bead...]", "Hide beads; without names every closed one").action(
    async (beads: string[], options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const { archived, more } = await town.call("bead.archive", { beads });
        if (options.json === true) printJson({ archived, more });
        else printLine(`${archived.length} archived${more ? "; there are more: again" : ""}.`);
      });
    },
  );
  townCommand(group, "unarchive <bead...>", "Show archived beads again").action(
    async (beads: string[], options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const { unarchived } = await town.call("bead.unarchive", { beads });
        if (options.json === true) printJson({ unarchived });
        else printLine(`${unarchived.length} shown again.`);
      });
    },
  );
}
