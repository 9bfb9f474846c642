import { commandsContract, LINES } from "../../tests/contract/commands/commands.contract.ts";
import { SimClock } from "../clock.ts";
import { SimForge } from "../git/forge.ts";
import { SimHostFiles } from "../git/host-files.ts";
import { runUntil } from "../steps.ts";
import { simCommands, type JudgeCommand } from "./commands.ts";

const judge: JudgeCommand = (line, files) => {
  if (line === LINES.writes) files.set("made.txt", "made\n");
  if (line === LINES.slow) return { code: 0, output: "", durationMs: 60_000 };
  if (line === LINES.red) return { code: 3, output: "wrong\n", durationMs: 5 };
  return { code: 0, output: line === LINES.green ? "fine\n" : "", durationMs: 5 };
};

commandsContract(
  "in memory",
  () => {
    const clock = new SimClock();
    const host = new SimHostFiles(new SimForge(), "/sim/runner");
    const files = new Map<string, string>();
    host.scratch.set("rn1", { written: new Map(), files });
    const dir = host.dirOf("scratch", "rn1");
    return Promise.resolve({
      commands: simCommands(host, clock, judge),
      place: { treeDir: `${dir}/tree`, homeDir: `${dir}/home`, tmpDir: `${dir}/tmp`, readOnly: [] },
      read: (path: string) => Promise.resolve(files.get(path) ?? null),
      settle: async <T>(promise: Promise<T>) => {
        let settled = false;
        void promise.finally(() => (settled = true));
        await runUntil(clock, () => settled, 100);
        return promise;
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
  5_000,
);
