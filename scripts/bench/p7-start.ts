// P7: from the start of the process to the line that says it is ready, of an empty town and of one with a long past.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, BenchContext, Measurement } from "./bench.ts";
import { serveTown, type ServedTown } from "./load/served-town.ts";
import { openSockets } from "./load/sockets.ts";
import { storeBeads } from "./load/stored-beads.ts";
import { median } from "./spread.ts";

const RUNS = 5;
const EMPTY_MS_MAX = 200;
const FULL_MS_MAX = 600;
const BEADS = 1e6;
const EVENTS_PER_BEAD = 4;
/** Of the beads: what a large town has to do. */
const OPEN = 1e4;

export const p7Start: Bench = {
  id: "P7",
  title: "start of the bundled program to ready, without the wrapper and the runner",
  async run(context) {
    const empty = join(context.folder, "empty");
    // Each start is on a directory of its own: what an empty town writes first is part of it.
    const emptied = await starts(context, empty, { runs: RUNS, end: "SIGTERM", keep: false });
    const full = join(context.folder, "full");
    await store(context, full);
    const kept = { runs: RUNS, keep: true } as const;
    const stopped = await starts(context, full, { ...kept, end: "SIGTERM" });
    const killed = await starts(context, full, { ...kept, end: "SIGKILL" });
    const past = `with ${BEADS} beads (${OPEN} open) and ${BEADS * EVENTS_PER_BEAD} bead events`;
    return [
      figure("empty", "readyMs", emptied, EMPTY_MS_MAX),
      figure(past, "readyMs", stopped, FULL_MS_MAX),
      figure("the same, killed before", "readyMs", killed, FULL_MS_MAX),
      // A town that says it is ready and answers nobody is not ready.
      figure("to the first answer, stopped before", "answeredMs", stopped, FULL_MS_MAX),
      figure("to the first answer, killed before", "answeredMs", killed, FULL_MS_MAX),
    ];
  },
  async profile(context, profile) {
    const dataDir = join(context.folder, "full");
    await store(context, dataDir);
    await using town = await serveTown({ root: context.root, dataDir, profile });
    await firstAnswer(town);
  },
};

async function store(context: BenchContext, dataDir: string): Promise<void> {
  context.progress(`  writing ${BEADS} beads`);
  const wish = { closed: BEADS - OPEN, open: OPEN, eventsPerBead: EVENTS_PER_BEAD };
  await storeBeads(dataDir, wish);
}

interface Starts {
  runs: number;
  /** How the town before each start was ended. */
  end: "SIGTERM" | "SIGKILL";
  keep: boolean;
}

interface Start {
  readyMs: number;
  /** From the start to the first answer to a question, which waits for the town's first tick. */
  answeredMs: number;
}

/** The first start is not counted: it fills the file cache, and leaves the end asked for. */
async function starts(
  context: BenchContext,
  dataDir: string,
  { runs, end, keep }: Starts,
): Promise<Start[]> {
  const all: Start[] = [];
  for (let run = 0; run <= runs; run++) {
    const startedMs = performance.now();
    const town = await serveTown({ root: context.root, dataDir });
    await firstAnswer(town);
    const start = { readyMs: town.readyMs, answeredMs: performance.now() - startedMs };
    await town.end(end);
    if (!keep) await rm(dataDir, { recursive: true, force: true });
    context.progress(
      `  ${run} of ${runs}: ready after ${start.readyMs.toFixed(0)} ms, first answer after ${start.answeredMs.toFixed(0)} ms`,
    );
    if (run > 0) all.push(start);
  }
  return all;
}

async function firstAnswer({ url, token }: ServedTown): Promise<void> {
  using sockets = await openSockets(url, 1, token);
  await sockets.all[0]?.emitWithAck("command", { name: "town.status", body: {} });
}

function figure(
  name: string,
  until: keyof Start,
  all: readonly Start[],
  msMax: number,
): Measurement {
  const value = median(all.map((start) => start[until]));
  return { name: `${name}, median of ${RUNS}`, value, unit: "ms", bar: { atMost: msMax } };
}
