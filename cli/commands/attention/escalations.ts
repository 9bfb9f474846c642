import type { Command } from "commander";
import type { Escalation } from "../../../protocol/index.ts";
import { idCell, printJson, printLine, printTable } from "../../output.ts";
import { townCommand, withTownOf, type TownOptions } from "../town-command.ts";

interface ListOptions extends TownOptions {
  all?: boolean;
}

/** `gastown escalations`: what calls for a person or the Mayor. */
export function addEscalations(program: Command): void {
  const group = program.command("escalations").description("What calls for you or the Mayor");
  townCommand(group, "list", "List what is not resolved, the most severe first")
    .option("--all", "the resolved ones too")
    .action(async (options: ListOptions) => {
      await withTownOf(options, async (town) => {
        const open = await town.call("escalation.list", {});
        const resolved =
          options.all === true ? await town.call("escalation.list", { state: "resolved" }) : [];
        const list = [...open, ...resolved];
        if (options.json === true) printJson(list);
        else printTable(COLUMNS, list.map(row), "Nothing calls for you.");
      });
    });
  townCommand(group, "acknowledge <escalation>", "Say that you have seen one").action(
    async (ref: string, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const seen = await town.call("escalation.acknowledge", { escalation: ref });
        if (options.json === true) printJson(seen);
        else printLine(`${idCell(seen.id)} is acknowledged.`);
      });
    },
  );
  townCommand(group, "resolve <escalation>", "Close one")
    .option("--note <text>", "why it is over")
    .action(async (ref: string, options: TownOptions & { note?: string }) => {
      await withTownOf(options, async (town) => {
        const body = { escalation: ref, ...(options.note !== undefined && { note: options.note }) };
        const resolved = await town.call("escalation.resolve", body);
        if (options.json === true) printJson(resolved);
        else printLine(`${idCell(resolved.id)} is resolved.`);
      });
    });
}

const COLUMNS = ["escalation", "severity", "state", "for", "about", "triage", "title"];

function row({ id, severity, state, target, subjectId, triage, title }: Escalation): string[] {
  const about = subjectId ? idCell(subjectId) : "-";
  return [idCell(id), severity, state, target, about, triageCell(triage), title];
}

/** What triage decided, or whether it looks at it. */
function triageCell(triage: Escalation["triage"]): string {
  if (triage === null) return "-";
  if (triage.state === "open") return triage.isTaken ? "looks at it" : "is asked";
  return triage.action ?? triage.state;
}
