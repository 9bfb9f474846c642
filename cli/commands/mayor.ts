import type { Command } from "commander";
import type { ChatEntry, TopicFrame } from "../../protocol/index.ts";
import { Complaint } from "../complaint.ts";
import { printJson, printLine, printNote, tame } from "../output.ts";
import type { TownClient } from "../town-client.ts";
import { townCommand, withTownOf, type TownOptions } from "./town-command.ts";

/** `gastown mayor`: says something and prints the answer. */
export function addMayor(program: Command): void {
  townCommand(program, "mayor <text>", "Say something to the Mayor and print the answer")
    .option("--no-wait", "end when the message is taken")
    .action(async (text: string, options: TownOptions & { wait: boolean }) => {
      await withTownOf(options, async (town) => {
        const turns = new Map<string, ChatEntry>();
        const settled = new Set<(turnId: string) => void>();
        const waits = new Waits();
        const following = options.wait
          ? town.follow("mayor", undefined, (frame) => {
              if (options.json !== true) waits.tell(frame);
              for (const entry of answersOf(frame)) {
                turns.set(entry.turnId ?? "", entry);
                settled.forEach((tell) => tell(entry.turnId ?? ""));
              }
            })
          : Promise.resolve();
        const said = await town.call("mayor.say", { text });
        waits.of(said.turnId);
        const entry = options.wait ? await answerOf(said.turnId, turns, settled, following) : null;
        if (options.json === true)
          printJson({ ...said, ...(entry === null ? {} : { answer: entry }) });
        else if (entry !== null) printAnswer(entry);
        else printLine("The Mayor has it.");
        if (entry !== null && entry.state !== "done") process.exitCode = 1;
      });
    });
}

/** Says why a turn does not begin, each reason once, where the answer is not printed. */
class Waits {
  readonly #known = new Map<string, string>();
  #turnId: string | null = null;
  #told = "";

  tell(frame: TopicFrame): void {
    for (const item of frame.items) {
      const entry = item.kind === "chat" ? item.value : null;
      if (entry?.turnId && entry.wait !== null) this.#known.set(entry.turnId, entry.wait.text);
    }
    this.#say();
  }

  of(turnId: string): void {
    this.#turnId = turnId;
    this.#say();
  }

  #say(): void {
    const text = this.#known.get(this.#turnId ?? "");
    if (text === undefined || text === this.#told) return;
    this.#told = text;
    printNote(`Not begun: ${tame(text)}`);
  }
}

const ENDED = new Set<ChatEntry["state"]>(["done", "interrupted", "failed"]);

function answersOf(frame: TopicFrame): ChatEntry[] {
  return frame.items.flatMap((item) =>
    item.kind === "chat" && item.value?.kind === "mayor" && ENDED.has(item.value.state)
      ? [item.value]
      : [],
  );
}

async function answerOf(
  turnId: string,
  turns: ReadonlyMap<string, ChatEntry>,
  settled: Set<(turnId: string) => void>,
  following: ReturnType<TownClient["follow"]>,
): Promise<ChatEntry> {
  const ended = Promise.withResolvers<void>();
  settled.add((id) => id === turnId && ended.resolve());
  if (turns.has(turnId)) ended.resolve();
  await Promise.race([ended.promise, following]);
  const entry = turns.get(turnId);
  if (entry === undefined)
    throw new Complaint("The town closed the connection before the Mayor answered.");
  return entry;
}

function printAnswer(entry: ChatEntry): void {
  for (const step of entry.steps)
    printLine(`· ${step.tool}${step.ok === false ? " (failed)" : ""}`);
  if (entry.text !== "") printLine(entry.text);
  if (entry.note !== null) printLine(entry.note);
}
