// `gastown attach` on a terminal, as a person has it.
import { join } from "node:path";
import { Terminal } from "@xterm/headless";
import { repositoryRoot } from "../../support/town-process.ts";
import { SeenText } from "../../support/seen-text.ts";
import type { WholeTown } from "../../support/whole-town.ts";

const DETACH = "\u001d";

export interface AttachedCli extends AsyncDisposable {
  seen: SeenText;
  /** Resolves when the screen shows it, wherever the program has put it. */
  shows: (pattern: RegExp) => Promise<void>;
  exited: Promise<number>;
  type: (text: string) => void;
  resize: (cols: number, rows: number) => void;
  detach: () => void;
}

/** Starts it; what it prints is in `seen`. */
export function attachCli(town: WholeTown, ...arguments_: string[]): AttachedCli {
  const seen = new SeenText();
  const screen = new Terminal({ cols: 110, rows: 32, allowProposedApi: true });
  const looking = new Set<() => void>();
  const main = join(repositoryRoot, "dist", "program", "main.js");
  const argv = [process.execPath, main, "attach", ...arguments_, "--data", town.dataDir];
  const child = Bun.spawn(argv, {
    env: { ...process.env, TERM: "xterm-256color" },
    terminal: { cols: 110, rows: 32, data: draw },
  });
  function draw(_terminal: unknown, data: Uint8Array): void {
    seen.add(data);
    screen.write(data, () => looking.forEach((look) => look()));
  }
  const shows = (pattern: RegExp): Promise<void> =>
    new Promise((resolve) => {
      const look = () => {
        if (!pattern.test(screenText(screen))) return;
        looking.delete(look);
        resolve();
      };
      looking.add(look);
      look();
    });
  const type = (text: string) => void child.terminal?.write(text);
  return {
    ...{ seen, shows },
    exited: child.exited,
    type,
    resize: (cols, rows) => child.terminal?.resize(cols, rows),
    detach: () => type(DETACH),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
      child.terminal?.close();
    },
  };
}

/** What the screen shows, line by line. */
function screenText({ buffer: { active }, rows }: Terminal): string {
  const lines = Array.from(
    { length: rows },
    (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? "",
  );
  return lines.join("\n");
}
