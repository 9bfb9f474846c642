// P3: what one changed bead costs, however many are stored.
import { join } from "node:path";
import type { Bench, BenchContext, Measurement } from "./bench.ts";
import { storeBeads } from "./load/stored-beads.ts";
import { type TickAnswer, TickTown } from "./load/tick-town.ts";
import { CommandFile } from "./peers/raw-sqlite.ts";
import { median, medianRatio, percentile } from "./spread.ts";

const GROWTH_MAX = 1.5;
const P99_MS_MAX = 2;
const ROUNDS = 5;
const SAMPLES = 200;
/** A round of one town is cut here when its ticks are slow. */
const WINDOW_MS = 1_000;
/** Open beads of the towns in which nearly all beads are closed. */
const FEW_OPEN = 100;

interface Size {
  name: string;
  beads: number;
  open: number;
}
const sizes = (name: string, beads: readonly number[], open: (beads: number) => number): Size[] =>
  beads.map((count) => ({ name, beads: count, open: open(count) }));

const FEW = sizes(`${FEW_OPEN} open`, [1e3, 1e4, 1e5, 1e6], () => FEW_OPEN);
const TENTH = sizes("10 % open", [1e3, 1e6], (beads) => beads / 10);

export const p3Tick: Bench = {
  id: "P3",
  title:
    "one changed bead: from the command to its commit and what follows from it, with 10^3 to 10^6 beads stored",
  async run(context) {
    using file = new CommandFile(context.folder);
    const commits: number[] = [];
    await using towns = new AsyncDisposableStack();
    const opened: { size: Size; town: TickTown; rounds: TickAnswer[] }[] = [];
    for (const size of [...FEW, ...TENTH]) {
      const town = towns.use(await openSize(context, size));
      // A warm-up: the first ticks are slow while code is compiled and pages are read.
      await town.measure(SAMPLES / 2, WINDOW_MS);
      opened.push({ size, town, rounds: [] });
    }
    for (let round = 1; round <= ROUNDS; round++) {
      commits.push(percentile(file.times(SAMPLES), 0.99));
      for (const { size, town, rounds } of opened) {
        const ticks = await town.measure(SAMPLES, WINDOW_MS);
        rounds.push(ticks);
        context.progress(`  ${round} of ${ROUNDS}: ${describe(size, ticks)}`);
      }
    }
    const commitMs = median(commits);
    return [FEW, TENTH].flatMap((group) =>
      figures(
        opened.filter(({ size }) => group.includes(size)),
        commitMs,
      ),
    );
  },
  async profile(context, file) {
    const largest = TENTH.at(-1);
    if (largest === undefined) return;
    await using town = await openSize(context, largest, file);
    await town.measure(SAMPLES, 4 * WINDOW_MS);
  },
};

async function openSize(context: BenchContext, size: Size, profile?: string): Promise<TickTown> {
  context.progress(`  ${size.beads} beads, ${size.open} of them open`);
  const dataDir = join(context.folder, `${size.beads} ${size.name}`);
  const { beads, open } = size;
  const ids = await storeBeads(dataDir, { closed: beads - open, open, eventsPerBead: 1 });
  return TickTown.open(dataDir, ids, profile);
}

function describe({ beads, name }: Size, { times, cpuMs }: TickAnswer): string {
  const [p50, p99] = [0.5, 0.99].map((part) => percentile(times, part).toFixed(2));
  return `${beads} beads, ${name}: p50 ${p50} ms, p99 ${p99} ms of ${times.length}, ${cpuMs.toFixed(2)} ms of processor each`;
}

/** Of towns of one kind, smallest first: how the middle grows, and the tail of the largest. */
function figures(
  towns: readonly { size: Size; rounds: readonly TickAnswer[] }[],
  commitMs: number,
): Measurement[] {
  const smallest = towns[0];
  const largest = towns.at(-1);
  if (smallest === undefined || largest === undefined) return [];
  const middles = largest.rounds.map(
    ({ times }, round) => [median(times), median(smallest.rounds[round]?.times ?? [])] as const,
  );
  const path = towns.map(({ size, rounds }) => {
    const p50 = median(rounds.map(({ times }) => median(times)));
    const cpuMs = median(rounds.map((ticks) => ticks.cpuMs));
    return `${size.beads}: ${p50.toFixed(2)} ms, ${cpuMs.toFixed(2)} of processor`;
  });
  const { name } = largest.size;
  return [
    {
      name: `growth with ${name} (p50 of ${path.join("; ")})`,
      value: medianRatio(middles),
      unit: "x",
      bar: { atMost: GROWTH_MAX },
    },
    {
      name: `p99 at ${largest.size.beads} beads with ${name} (of a bare commit ${commitMs.toFixed(2)} ms), median of ${ROUNDS}`,
      value: median(largest.rounds.map(({ times }) => percentile(times, 0.99))),
      unit: "ms",
      bar: { atMost: P99_MS_MAX },
    },
  ];
}
