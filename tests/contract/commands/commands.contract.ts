/** What whoever runs a rig's commands must do. */
import { describe, expect, test } from "bun:test";
import type {
  CommandEnd,
  CommandPlace,
  Commands,
  RigCommand,
} from "../../../runner/works/commands.ts";

/** The lines that every stage understands. */
export const LINES = {
  green: "echo fine",
  red: "echo wrong; exit 3",
  writes: "echo made > made.txt",
  slow: "sleep 60",
} as const;

export interface CommandsStage extends AsyncDisposable {
  commands: Commands;
  /** An empty tree with a home of its own. */
  place: CommandPlace;
  read(path: string): Promise<string | null>;
  /** Lets time go on until it settles. */
  settle<T>(promise: Promise<T>): Promise<T>;
}

export type OpenCommands = () => Promise<CommandsStage>;

export function commandsContract(name: string, open: OpenCommands, timeoutMs: number): void {
  describe(`commands contract: ${name}`, () => {
    const clause = (title: string, check: (open: OpenCommands) => Promise<void>) =>
      test(title, () => check(open), timeoutMs);
    clause("[C5] a command gives its code and what it said, and works in its tree", whole);
    clause("[C5] a command that takes too long, or is called off, is ended and says so", ended);
    clause("[C5] a command without its tree has not run", treeless);
  });
}

function runOf(
  stage: CommandsStage,
  line: string,
  more: Partial<RigCommand> = {},
): Promise<CommandEnd> {
  const { signal } = new AbortController();
  const { commands, place } = stage;
  const command: RigCommand = {
    ...{ runId: "rn1", line, place, env: {}, network: "none", timeoutMs: 30_000, signal },
    ...more,
  };
  return stage.settle(commands.run(command));
}

async function whole(open: OpenCommands): Promise<void> {
  await using stage = await open();
  const sound = { signal: null, timedOut: false, cancelled: false, forced: false };
  expect(await runOf(stage, LINES.green)).toMatchObject({
    ...{ kind: "ran", output: "fine\n" },
    exit: { code: 0, ...sound },
  });
  expect(await runOf(stage, LINES.red)).toMatchObject({
    ...{ kind: "ran", output: "wrong\n" },
    exit: { code: 3, ...sound },
  });
  expect(await runOf(stage, LINES.writes)).toMatchObject({ kind: "ran", exit: { code: 0 } });
  expect(await stage.read("made.txt")).toBe("made\n");
}

async function ended(open: OpenCommands): Promise<void> {
  await using stage = await open();
  const late = await runOf(stage, LINES.slow, { timeoutMs: 300 });
  expect(late).toMatchObject({ kind: "ran", exit: { timedOut: true } });
  expect(late.kind === "ran" && late.exit.code === 0).toBe(false);
  const stop = new AbortController();
  const running = runOf(stage, LINES.slow, { signal: stop.signal });
  stop.abort();
  const off = await running;
  expect(off).toMatchObject({ kind: "ran", exit: { cancelled: true, timedOut: false } });
}

async function treeless(open: OpenCommands): Promise<void> {
  await using stage = await open();
  const place = { ...stage.place, treeDir: `${stage.place.treeDir}-gone` };
  expect(await runOf(stage, LINES.green, { place })).toMatchObject({ kind: "not_started" });
}
