import { Option, type Command } from "commander";
import type { TerminalFrame, TerminalSize } from "../../../protocol/index.ts";
import { Complaint } from "../../complaint.ts";
import { printNote } from "../../output.ts";
import type { TownClient } from "../../town-client.ts";
import { townCommand, withTownOf, type TownOptions } from "../town-command.ts";
import { SafeOutput } from "./safe-output.ts";

/** Ctrl-], as terminals send it by themselves and in the way some programs ask for. */
const DETACH = ["\u001d", "\u001b[93;5u"];
/** A window that is being dragged: only where it comes to rest counts. */
const RESIZE_MS = 50;
/** Of a person's terminal, all that a program may have changed: it is theirs again. */
const CLEAR = "\u001b[!p\u001b[0m\u001b[?1049l\u001b[2J\u001b[H";
const RESTORE =
  "\u001b[!p\u001b[0m\u001b[?1049l\u001b[?25h\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1004l\u001b[?1006l\u001b[?2004l\u001b[?2027l\u001b[?2031l\u001b[>4;0m\u001b[<u\r\n";

interface AttachOptions extends TownOptions {
  shell?: boolean;
  readOnly?: boolean;
  take?: boolean;
}

/** `gastown attach RUN|BEAD`: the agent's own screen, or a shell in its tree. */
export function addAttach(program: Command): void {
  townCommand(
    program,
    "attach <id>",
    "Sit down at a live agent: its own screen, or a shell in its tree",
  )
    .option("--shell", "a shell in its tree, in a sandbox like the agent's")
    .option("--read-only", "only look")
    .addOption(new Option("--take", "take over from whoever writes").conflicts("readOnly"))
    .addHelpText(
      "after",
      "\nThe id is that of a run, or of a bead somebody works on. Ctrl-] detaches; a shell is kept for ten minutes then.\nOne writes at a time, and the terminal has the size of that one's window. What is typed is in the audit, as far as the\nscreen shows it.",
    )
    .action(async (id: string, options: AttachOptions) => {
      if (!process.stdin.isTTY || !process.stdout.isTTY)
        throw new Complaint(
          "`gastown attach` needs a terminal of its own: not a pipe, not a file.",
        );
      await withTownOf(options, (town) => sit(town, id, options));
    });
}

async function sit(town: TownClient, id: string, options: AttachOptions): Promise<void> {
  const ended = Promise.withResolvers<string>();
  const output = new SafeOutput();
  const show = (frame: TerminalFrame, drawn: () => void) => {
    if (frame.kind === "output") process.stdout.write(output.take(frame.data), drawn);
    else if (frame.kind === "screen")
      process.stdout.write(Buffer.concat([Buffer.from(CLEAR), output.take(frame.data)]), drawn);
    else if (frame.kind === "ended") ended.resolve(`It has ended. ${frame.message}`);
    else if (frame.kind === "size") warnOfSize(frame);
    else if (frame.who === "other" && options.readOnly !== true)
      printNote("gastown: another writes here now. You look on; --take takes over.\r");
  };
  const opened = await town.terminal(show).open({
    run: id,
    what: options.shell === true ? "shell" : "agent",
    ...windowSize(),
    mode: options.readOnly === true ? "read" : "write",
    take: options.take ?? false,
  });
  const stopTyping = type(opened, options.readOnly === true, () => ended.resolve("Detached."));
  // Whoever reads this may type.
  printNote(`gastown: attached to ${opened.runId}. Ctrl-] detaches.\r`);
  const stopResizing = followSize((size) => opened.resize(size));
  void opened.gone.then(() => ended.reject(new Complaint("The town closed the connection.")));
  try {
    const how = await ended.promise;
    process.stdout.write(RESTORE);
    printNote(`gastown: ${how}`);
  } catch (error) {
    process.stdout.write(RESTORE);
    throw error;
  } finally {
    stopTyping();
    stopResizing();
  }
}

/** Hands on every key but the one that detaches. Returns the way to stop. */
function type(
  terminal: { input(data: Uint8Array): void },
  readOnly: boolean,
  detach: () => void,
): () => void {
  const onData = (data: Buffer) => {
    const text = data.toString("latin1");
    const cut = Math.min(
      ...DETACH.map((key) => (text.includes(key) ? text.indexOf(key) : Infinity)),
    );
    const typed = data.subarray(0, cut);
    if (!readOnly && typed.byteLength > 0) terminal.input(typed);
    if (cut < text.length) detach();
  };
  process.stdin.setRawMode(true);
  process.stdin.on("data", onData);
  process.stdin.resume();
  return () => {
    process.stdin.off("data", onData);
    process.stdin.setRawMode(false);
    process.stdin.pause();
  };
}

function windowSize(): TerminalSize {
  return { cols: process.stdout.columns || 80, rows: process.stdout.rows || 24 };
}

function followSize(tell: (size: TerminalSize) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onResize = () => {
    clearTimeout(timer);
    timer = setTimeout(() => tell(windowSize()), RESIZE_MS);
  };
  process.stdout.on("resize", onResize);
  return () => {
    clearTimeout(timer);
    process.stdout.off("resize", onResize);
  };
}

function warnOfSize({ cols, rows }: TerminalSize): void {
  const mine = windowSize();
  if (cols <= mine.cols && rows <= mine.rows) return;
  printNote(
    `gastown: this terminal has ${cols} columns and ${rows} rows: make your window larger.\r`,
  );
}
