import type { Command } from "commander";
import {
  deliverySchema,
  prioritySchema,
  type Delivery,
  type Priority,
} from "../../protocol/index.ts";
import { idCell, printJson, printLine } from "../output.ts";
import {
  collect,
  oneOf,
  readText,
  townCommand,
  withTownOf,
  type TownOptions,
} from "./town-command.ts";

interface SlingOptions extends TownOptions {
  body?: string;
  priority?: Priority;
  delivery?: Delivery;
  after?: string[];
  hold?: boolean;
  check?: string[];
}

/** `gastown sling`: one piece of work for a rig, past the Mayor. */
export function addSling(program: Command): void {
  townCommand(program, "sling <rig> <title>", "Give one piece of work to a rig")
    .option("--body <text>", "what to do, in full; - reads it from standard input")
    .option(
      "--priority <priority>",
      prioritySchema.options.join(", "),
      oneOf("--priority", prioritySchema.options),
    )
    .option(
      "--delivery <how>",
      "none, branch or merge; the rig's unless given",
      oneOf("--delivery", deliverySchema.options),
    )
    .option("--hold", "start nothing of it before it is released")
    .option("--check <command>", "must be green on the merged tree; may be repeated", collect)
    .option("--after <bead>", "wait for this bead to land; may be repeated", collect)
    .action(async (rig: string, title: string, options: SlingOptions) => {
      const body = options.body === "-" ? await readText("-") : (options.body ?? "");
      await withTownOf(options, async (town) => {
        const bead = await town.call("bead.sling", {
          rig,
          title,
          body,
          ...(options.priority === undefined ? {} : { priority: options.priority }),
          ...(options.delivery === undefined ? {} : { delivery: options.delivery }),
          ...(options.hold === true ? { held: true } : {}),
          checks: (options.check ?? []).map((command, n) => ({ name: `accept ${n + 1}`, command })),
          ...(options.after === undefined ? {} : { dependsOn: options.after }),
        });
        if (options.json === true) printJson(bead);
        else printLine(`Bead ${idCell(bead.id)} is slung: ${bead.title}`);
      });
    });
}
