import type { Command } from "commander";
import type { Question, RigAnswer } from "../../../protocol/index.ts";
import { idCell, printJson, printLine, printTable } from "../../output.ts";
import { townCommand, withTownOf, type TownOptions } from "../town-command.ts";

interface AnswerOptions extends TownOptions {
  once?: boolean;
}
interface KeptOptions extends TownOptions {
  rig?: string;
  search?: string;
}

/** `gastown questions`: what agents ask, and the answers that rigs keep. */
export function addQuestions(program: Command): void {
  const group = program.command("questions").description("What agents ask, and what you answered");
  townCommand(group, "list", "List open questions, the soonest deadline first").action(
    async (options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const open = await town.call("question.list", {});
        if (options.json === true) printJson(open);
        else printTable(QUESTION, open.map(questionRow), "Nobody asks anything.");
      });
    },
  );
  townCommand(group, "answer <question> <answer>", "Answer one; its rig keeps the answer")
    .option("--once", "for this question only")
    .action(async (ref: string, answer: string, options: AnswerOptions) => {
      await withTownOf(options, async (town) => {
        const body = { question: ref, answer, remember: options.once !== true };
        const answered = await town.call("question.answer", body);
        if (options.json === true) printJson(answered);
        else printLine(`${idCell(answered.id)} is answered.`);
      });
    });
  townCommand(group, "answers", "List the answers that rigs keep")
    .option("--rig <rig>", "of one rig")
    .option("--search <words>", "with these words")
    .action(async ({ rig, search, ...options }: KeptOptions) => {
      await withTownOf(options, async (town) => {
        const kept = await town.call("answer.list", {
          ...(rig !== undefined && { rig }),
          ...(search !== undefined && { search }),
        });
        if (options.json === true) printJson(kept);
        else printTable(KEPT, kept.map(keptRow), "No answers are kept.");
      });
    });
  townCommand(group, "forget <answer>", "Take a kept answer away").action(
    async (ref: string, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const gone = await town.call("answer.forget", { answer: ref });
        if (options.json === true) printJson(gone);
        else printLine(`${idCell(gone.id)} is forgotten.`);
      });
    },
  );
}

const QUESTION = ["question", "bead", "answer by", "otherwise", "asks"];
const KEPT = ["answer", "used", "to", "is"];

function questionRow({ id, beadId, deadlineAt, fallback, options, title }: Question): string[] {
  const until = new Date(deadlineAt).toISOString().slice(0, 16);
  const choice = options.length === 0 ? "" : ` (${options.join(" | ")})`;
  return [idCell(id), idCell(beadId), until, cut(fallback), `${title}${choice}`];
}

function keptRow({ id, uses, question, answer }: RigAnswer): string[] {
  return [idCell(id), String(uses), cut(question), cut(answer)];
}

function cut(text: string): string {
  const line = text.replaceAll("\n", " ");
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
