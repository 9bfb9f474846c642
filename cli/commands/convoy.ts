import type { Command } from "commander";
import {
  commands,
  taskChoiceSchema,
  type CommandInput,
  type CommandValue,
  type Convoy,
} from "../../protocol/index.ts";
import { Complaint } from "../complaint.ts";
import { idCell, printJson, printLine, printTable } from "../output.ts";
import {
  collect,
  oneOf,
  parseJson,
  readText,
  townCommand,
  withTownOf,
  type TownOptions,
} from "./town-command.ts";

/** `gastown convoy`: beads that belong together. */
export function addConvoy(program: Command): void {
  const group = program
    .command("convoy")
    .description("Beads that depend on each other and land together");
  townCommand(group, "list", "List convoys with their progress").action(
    async (options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const convoys = await town.call("convoy.list", {});
        if (options.json === true) printJson(convoys);
        else {
          const rows = convoys.map(({ convoy, total, landed, failed }) => [
            idCell(convoy.id),
            convoy.state,
            `${landed}/${total}${failed > 0 ? `, ${failed} failed` : ""}`,
            convoy.title,
          ]);
          printTable(["convoy", "state", "landed", "title"], rows, "No convoys.");
        }
      });
    },
  );
  townCommand(group, "show <convoy>", "Show a convoy and its beads").action(
    async (ref: string, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const shown = await town.call("convoy.get", { convoy: ref });
        if (options.json === true) printJson(shown);
        else printConvoy(shown);
      });
    },
  );
  townCommand(group, "sling <file>", "Sling a convoy from a JSON file, - for standard input")
    .option("--staged", "start nothing before `gastown convoy start`")
    .addHelpText("after", SLING_HELP)
    .action(async (file: string, options: TownOptions & { staged?: boolean }) => {
      const given = convoyInput(
        parseJson(await readText(file), file === "-" ? "Standard input" : file),
      );
      const input = options.staged === true ? { ...given, staged: true } : given;
      await withTownOf(options, async (town) => {
        const slung = await town.call("convoy.sling", input);
        if (options.json === true) printJson(slung);
        else
          printLine(`Convoy ${idCell(slung.convoy.id)} is slung with ${slung.beads.length} beads.`);
      });
    });
  addLife(group);
  addTasks(group);
}

function printConvoy(shown: CommandValue<"convoy.get">): void {
  const { convoy, beads, waves, overlaps, progress, notLanded } = shown;
  printLine(`${convoy.title}: ${convoy.state}, ${progress.landed} of ${progress.total} landed`);
  const wave = new Map(waves.flatMap((ids, n) => ids.map((id) => [id, `${n + 1}`])));
  const rows = beads.map((bead) => [
    wave.get(bead.id) ?? "-",
    idCell(bead.id),
    notLanded.includes(bead.id) ? `${bead.status}, not landed` : bead.status,
    bead.blockedBy.map(idCell).join(" ") || "-",
    bead.title,
  ]);
  printTable(["wave", "bead", "status", "waits for", "title"], rows, "No beads.");
  for (const { beads: pair, files } of overlaps)
    printLine(`${pair.map(idCell).join(" and ")} run side by side and name ${files.join(", ")}.`);
  for (const bead of convoy.question?.beads ?? [])
    printLine(
      `${idCell(bead)} has failed: gastown convoy decide ${idCell(convoy.id)} ${idCell(bead)} retry|drop|land_without`,
    );
}

function addLife(group: Command): void {
  const told = (options: TownOptions, convoy: Convoy) =>
    options.json === true
      ? printJson(convoy)
      : printLine(`Convoy ${idCell(convoy.id)} is ${convoy.state}: ${convoy.title}`);
  townCommand(group, "start <convoy>", "Start a staged convoy").action(
    async (convoy: string, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        told(options, await town.call("convoy.start", { convoy }));
      });
    },
  );
  townCommand(group, "cancel <convoy> [reason...]", "Cancel what has not landed of it").action(
    async (convoy: string, reason: string[], options: TownOptions) => {
      await withTownOf(options, async (town) => {
        told(options, await town.call("convoy.cancel", { convoy, reason: reason.join(" ") }));
      });
    },
  );
  townCommand(
    group,
    "decide <convoy> <bead> <choice>",
    `What becomes of a failed bead: ${taskChoiceSchema.options.join(", ")}`,
  ).action(async (convoy: string, bead: string, word: string, options: TownOptions) => {
    const choice = oneOf("The choice", taskChoiceSchema.options)(word);
    await withTownOf(options, async (town) => {
      told(options, await town.call("convoy.decide", { convoy, bead, choice }));
    });
  });
}

function addTasks(group: Command): void {
  townCommand(group, "add <convoy> <title>", "Add a task to a convoy")
    .option("--body <text>", "what to do, in full; - reads it from standard input")
    .option("--after <bead>", "wait for this bead to land; may be repeated", collect)
    .action(
      async (
        convoy: string,
        title: string,
        options: TownOptions & { body?: string; after?: string[] },
      ) => {
        const body = options.body === "-" ? await readText("-") : (options.body ?? "");
        await withTownOf(options, async (town) => {
          const dependsOn = options.after ?? [];
          const bead = await town.call("convoy.add", { convoy, title, body, dependsOn });
          if (options.json === true) printJson(bead);
          else printLine(`Bead ${idCell(bead.id)} is in the convoy: ${bead.title}`);
        });
      },
    );
  townCommand(
    group,
    "remove <convoy> <bead>",
    "Take an open bead out of a convoy; it is held",
  ).action(async (convoy: string, ref: string, options: TownOptions) => {
    await withTownOf(options, async (town) => {
      const bead = await town.call("convoy.remove", { convoy, bead: ref });
      if (options.json === true) printJson(bead);
      else printLine(`Bead ${idCell(bead.id)} is out of the convoy, held: ${bead.title}`);
    });
  });
}

const SLING_HELP = `
The file: {"rig": "name", "title": "…", "tasks": [{"key": "a", "title": "…", "body": "…", "dependsOn": []}, …]}
With "parallel": true tasks need not depend on each other. With "mode": "review-then-land" they land on a branch of
the convoy, which lands once at the end.`;

/** Checked here as well, so that a wrong file is told without a town. */
function convoyInput(value: unknown): CommandInput<"convoy.sling"> {
  const parsed = commands["convoy.sling"].body.safeParse(value);
  if (parsed.success) return value as CommandInput<"convoy.sling">;
  const issue = parsed.error.issues[0];
  throw new Complaint(
    `The convoy is wrong at ${issue?.path.join(".") || "the top"}: ${issue?.message ?? "not a convoy"}.`,
    2,
  );
}
