// Calls that a folder must not make: the world in the pure layers, and processes outside their owners.
import { isSource, isTest, isTypeScript, type TextFile } from "./files.ts";
import type { Finding } from "./finding.ts";

const pureFolders = ["protocol/", "server/model/", "server/reconcile/"];

const worldCalls: readonly [pattern: RegExp, name: string][] = [
  [/\bDate\.now\b/, "Date.now"],
  [/\bnew Date\(/, "new Date("],
  [/\bperformance\.now\b/, "performance.now"],
  [/\bMath\.random\b/, "Math.random"],
  [/\brandomUUID\w*\b/, "randomUUID"],
  [/\bset(Timeout|Interval|Immediate)\b/, "a timer"],
  [/(?<![.\w])fetch\(/, "fetch("],
  [/(?<![.\w])Bun\./, "Bun."],
  [/(?<![.\w])process\./, "process."],
  [/(?<![.\w])console\./, "console."],
  [/\bawait\b/, "await"],
];

/** Parts of the runner that a simulation runs: time and chance come in through `runner/clock.ts` only. */
const timelessFolders = [
  "runner/session/",
  "runner/spool/",
  "runner/runs/",
  "runner/merge/",
  "runner/git/",
];

const timeCalls: readonly [pattern: RegExp, name: string][] = [
  [/\bDate\.now\b/, "Date.now"],
  [/\bnew Date\(\s*\)/, "new Date()"],
  [/\bperformance\.now\b/, "performance.now"],
  [/\bBun\.(nanoseconds|sleep|sleepSync|randomUUIDv\d)\b/, "Bun's time and chance"],
  [/\bMath\.random\b/, "Math.random"],
  [/(?<![.\w])crypto\./, "crypto."],
  [/\brandom(UUID|Bytes|Int)\b/, "chance of node:crypto"],
  [/\bset(Timeout|Interval|Immediate)\b/, "a timer"],
  [/\bAbortSignal\.timeout\b/, "AbortSignal.timeout"],
  [/["'](node:)?timers(\/promises)?["']/, "node:timers"],
];

/** Where processes may be started: behind the ports of the runner, and in programs that a person starts. */
const spawners = [
  "runner/process/",
  "runner/pty/",
  "runner/sandbox/entry.ts",
  "demo/sample-repository.ts",
  "cli/",
  "scripts/",
];

const spawnCalls: readonly [pattern: RegExp, name: string][] = [
  [/\bBun\.spawn(Sync)?\b/, "Bun.spawn"],
  [/\bBun\.\$/, "Bun.$"],
  [/["'](node:)?child_process["']/, "child_process"],
  [/\bimport\b[^;]*\b(spawn|spawnSync)\b[^;]*from "bun"/, "spawn from bun"],
  [/\bimport\b[^;]*[{ ,]\$[ ,}][^;]*from "bun"/, "$ from bun"],
];

/** Blanks comments, and with `strings` the texts in quotes too, keeping every line where it was. */
export function withoutComments(text: string, strings: boolean): string {
  const token = /\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
  return text.replace(token, (match) => {
    const isString = match.startsWith('"') || match.startsWith("'");
    return isString && !strings ? match : match.replace(/[^\n]/g, " ");
  });
}

export function checkBannedCalls(files: readonly TextFile[]): Finding[] {
  return files
    .filter((file) => isTypeScript(file.path))
    .flatMap((file) => {
      const pure =
        pureFolders.some((folder) => file.path.startsWith(folder)) && isSource(file.path);
      const timeless =
        timelessFolders.some((folder) => file.path.startsWith(folder)) && isSource(file.path);
      const spawns = spawners.some((folder) => file.path.startsWith(folder)) || isTest(file.path);
      return [
        ...(pure ? find(file, withoutComments(file.text, true), worldCalls, "pure-calls") : []),
        ...(timeless ? find(file, withoutComments(file.text, false), timeCalls, "time-calls") : []),
        ...(spawns ? [] : find(file, withoutComments(file.text, false), spawnCalls, "spawn-calls")),
        ...(isTest(file.path) ? findFocused(file) : []),
      ];
    });
}

const advice: Record<string, string> = {
  "pure-calls": "this layer has no clock, chance or I/O; take the value as an argument.",
  "time-calls": "this part of the runner is simulated; take a Clock or a Random as an argument.",
  "spawn-calls": `processes are started only in ${spawners.join(", ")} and tests; go through their port.`,
  "focused-tests": "a focused test hides all others; remove it.",
};

function find(
  file: TextFile,
  text: string,
  patterns: readonly [RegExp, string][],
  check: string,
): Finding[] {
  return text.split("\n").flatMap((line, index) =>
    patterns
      .filter(([pattern]) => pattern.test(line))
      .map(([, name]) => ({
        check,
        place: `${file.path}:${index + 1}`,
        message: `${name}: ${advice[check]}`,
      })),
  );
}

function findFocused(file: TextFile): Finding[] {
  const focused: readonly [RegExp, string][] = [[/\b(test|it|describe)\.only\b/, ".only"]];
  return find(file, withoutComments(file.text, true), focused, "focused-tests");
}
