// P5: a terminal's throughput, what ten viewers cost, and how soon a key is echoed.
import { join } from "node:path";
import type { Bench, Measurement } from "./bench.ts";
import type { ShellLine } from "./load/shell-line.ts";
import { SIZE, TerminalTown } from "./load/terminal-town.ts";
import { startWetty } from "./peers/wetty.ts";
import { median, medianRatio, percentile } from "./spread.ts";

const ROUNDS = 5;
/** Printed in a round, in lines of a log's length. */
const FLOOD_BYTES = 24 * 1024 * 1024;
const LINE = `${"2026-11-22 14:05:36 a line of a log that says what a program does ".padEnd(99, ".")}\n`;
const KEYS = 200;
const KEY_EVERY_MS = 15;
const VIEWERS = 10;
const OVER_WETTY_MIN = 1;
const VIEWERS_MAX = 2;
const ECHO_OVER_WETTY_MAX = 1;

export const p5Terminal: Bench = {
  id: "P5",
  title: "a shell at the other end: bytes to one viewer, ten viewers, echoed keys",
  async run(context) {
    const flood = await writeFlood(context.folder);
    await using town = await TerminalTown.open(context.root, context.folder);
    await using wetty = await startWetty(context.root, context.folder);
    using ours = await town.shell("write");
    using theirs = await wetty.shell(SIZE);
    for (const shell of [ours, theirs]) await prepare(shell, flood);
    const rounds: Round[] = [];
    for (let n = 1; n <= ROUNDS; n++) {
      const round = { ours: await measure(ours, flood), theirs: await measure(theirs, flood) };
      rounds.push(round);
      context.progress(`  ${n} of ${ROUNDS}: ${describe(round)}`);
    }
    const costs: Costs[] = [];
    for (let n = 1; n <= ROUNDS; n++) {
      costs.push(await viewersCost(town, ours, flood));
      context.progress(`  viewers ${n} of ${ROUNDS}: ${describeCosts(costs.at(-1))}`);
    }
    return figures(rounds, costs);
  },
  async profile(context, file) {
    const flood = await writeFlood(context.folder);
    await using town = await TerminalTown.open(context.root, context.folder, file);
    using ours = await town.shell("write");
    await prepare(ours, flood);
    await measure(ours, flood);
  },
};

interface Figures {
  bytesPerSecond: number;
  /** Milliseconds, one for each key. */
  echoes: number[];
}
interface Round {
  ours: Figures;
  theirs: Figures;
}
interface Costs {
  /** Processor time of town, runner and shell, milliseconds. */
  one: number;
  ten: number;
  /** Part of what was printed that the ten were sent. */
  sent: number;
}

async function writeFlood(folder: string): Promise<string> {
  const path = join(folder, "runner", "tree", "flood.txt");
  await Bun.write(path, LINE.repeat(Math.ceil(FLOOD_BYTES / LINE.length)));
  return path;
}

/** The same prompt on both sides, and a flood that does not count. */
async function prepare(shell: ShellLine, flood: string): Promise<void> {
  shell.type(
    "PS1='> '; unset PROMPT_COMMAND; bind 'set enable-bracketed-paste off'; echo re''ady\r",
  );
  await shell.until("ready\r\n> ");
  await print(shell, flood);
}

/** Bytes per second from Enter to the last byte. */
async function print(shell: ShellLine, flood: string): Promise<number> {
  const before = shell.bytes;
  const startedMs = performance.now();
  shell.type(`cat ${flood}; echo do''ne\r`);
  await shell.until("done\r\n> ");
  return (1_000 * (shell.bytes - before)) / (performance.now() - startedMs);
}

async function measure(shell: ShellLine, flood: string): Promise<Figures> {
  const bytesPerSecond = await print(shell, flood);
  const echoes: number[] = [];
  for (let n = 0; n < KEYS; n++) {
    await Bun.sleep(KEY_EVERY_MS);
    const key = String.fromCharCode(97 + (n % 26));
    const heard = shell.until(key);
    const startedMs = performance.now();
    shell.type(key);
    await heard;
    echoes.push(performance.now() - startedMs);
  }
  shell.type("\u0015echo cle''an\r");
  await shell.until("clean\r\n> ");
  return { bytesPerSecond, echoes };
}

/** What the same flood costs with one viewer and with ten. */
async function viewersCost(town: TerminalTown, shell: ShellLine, flood: string): Promise<Costs> {
  const cost = async (): Promise<number> => {
    const before = town.cpuMs();
    await print(shell, flood);
    return town.cpuMs() - before;
  };
  const one = await cost();
  const others = await Promise.all(Array.from({ length: VIEWERS - 1 }, () => town.shell("read")));
  const before = others.map(({ bytes }) => bytes);
  const ten = await cost();
  const sent = others.map(({ bytes }, n) => (bytes - (before[n] ?? 0)) / FLOOD_BYTES);
  for (const other of others) other[Symbol.dispose]();
  return { one, ten, sent: median(sent) };
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
const tail = (echoes: readonly number[]): number => percentile(echoes, 0.99);

function describe({ ours, theirs }: Round): string {
  const said = ({ bytesPerSecond, echoes }: Figures): string =>
    `${megabytes(bytesPerSecond)} MB/s, echo p50 ${median(echoes).toFixed(2)} ms, p99 ${tail(echoes).toFixed(2)} ms`;
  return `${said(ours)}; WeTTY ${said(theirs)}`;
}

function describeCosts(costs: Costs | undefined): string {
  if (costs === undefined) return "nothing";
  const { one, ten, sent } = costs;
  return `one ${one.toFixed(0)} ms, ten ${ten.toFixed(0)} ms, which were sent ${(100 * sent).toFixed(0)} % of it`;
}

function figures(rounds: readonly Round[], costs: readonly Costs[]): Measurement[] {
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  const rates = `${megabytes(middle(({ ours }) => ours.bytesPerSecond))} MB/s over ${megabytes(middle(({ theirs }) => theirs.bytesPerSecond))} MB/s`;
  const echo = (of: (echoes: readonly number[]) => number): string =>
    `${middle(({ ours }) => of(ours.echoes)).toFixed(1)} ms over ${middle(({ theirs }) => of(theirs.echoes)).toFixed(1)} ms`;
  const cpu = `${median(costs.map(({ ten }) => ten)).toFixed(0)} ms over ${median(costs.map(({ one }) => one)).toFixed(0)} ms`;
  const sent = `${(100 * median(costs.map((cost) => cost.sent))).toFixed(0)} %`;
  return [
    {
      name: `of WeTTY's bytes a second to one viewer (${rates})`,
      value: medianRatio(
        rounds.map(({ ours, theirs }) => [ours.bytesPerSecond, theirs.bytesPerSecond]),
      ),
      unit: "x",
      bar: { atLeast: OVER_WETTY_MIN },
    },
    {
      name: `the processor time of one viewer with ten (${cpu} for ${FLOOD_BYTES / 2 ** 20} MiB, of which each other was sent ${sent})`,
      value: medianRatio(costs.map(({ one, ten }) => [ten, one])),
      unit: "x",
      bar: { atMost: VIEWERS_MAX },
    },
    {
      name: `of WeTTY's p99 from a key to its echo (${echo(tail)}, p50 ${echo(median)})`,
      value: medianRatio(
        rounds.map(({ ours, theirs }) => [tail(ours.echoes), tail(theirs.echoes)]),
      ),
      unit: "x",
      bar: { atMost: ECHO_OVER_WETTY_MAX },
    },
  ];
}
