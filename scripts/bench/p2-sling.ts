// P2: from a sling to its offer at a runner, in a town full of work, against a job queue's add to its worker.
import { join } from "node:path";
import type { Bench, BenchContext, Measurement } from "./bench.ts";
import { finish, Fleet, type TakenWork, until } from "./load/fleet.ts";
import { serveTown, type ServedTown } from "./load/served-town.ts";
import { type Arrivals, steadily, type Steady } from "./load/steady.ts";
import { storeBeads } from "./load/stored-beads.ts";
import { type JobQueue, openQueue } from "./peers/bullmq.ts";
import { median, medianRatio, percentile } from "./spread.ts";

const P50_MAX = 1.5;
const P99_MAX = 1;
const OPEN = 10_000;
const AGENTS = 1_000;
/** Runners and rigs of 64 slots each: a quarter more than is in flight, so that nothing waits for a slot. */
const RUNNERS = 20;
const ROUNDS = 5;
const STEADY: Steady = { perSecond: 200, windowMs: 4_000, lateMsMax: 4_000 };
/** Slings in flight while the town is filled; a connection may have 256. */
const FILL_AT_ONCE = 200;

export const p2Sling: Bench = {
  id: "P2",
  title: `sling to offer at ${STEADY.perSecond}/s, ${OPEN} beads open and ${AGENTS} agents at work`,
  async run(context) {
    // First, so that a missing peer is told before anything is built.
    await using queue = await openQueue(context.root, context.folder);
    await using town = await openTown(context);
    using work = await fill(context, town);
    await town.paused(() => jobs(queue, { ...STEADY, windowMs: 1_000 }));
    const rounds: Round[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const added = await town.paused(() => jobs(queue, STEADY));
      // What came while it stood still (heartbeats, pings) is not what is measured.
      await work.rest();
      const before = town.cpuMs();
      const slung = await work.slings();
      const cpuMs = (town.cpuMs() - before) / (slung.times.length - slung.missing);
      rounds.push({ town: slung, cpuMs, queue: added });
      context.progress(`  ${round} of ${ROUNDS}: ${describe(rounds.at(-1))}`);
      if (slung.missing === 0) continue;
      // What it did not get done would weigh on the queue's next turn, and on its own.
      context.progress("  the town does not keep up, which no further round would change");
      break;
    }
    return figures(rounds);
  },
  async profile(context, file) {
    await using town = await openTown(context, file);
    using work = await fill(context, town);
    await work.slings();
  },
};

interface Round {
  town: Arrivals;
  /** Processor time of the town per sling, with the end of a run that goes with it. */
  cpuMs: number;
  queue: Arrivals;
}

async function openTown(context: BenchContext, profile?: string): Promise<ServedTown> {
  const dataDir = join(context.folder, "data");
  context.progress(
    `  ${OPEN} open beads: one is at work, half wait for its slot, half for another bead`,
  );
  const backlog = { open: OPEN, dependent: OPEN / 2, slots: 1 };
  await storeBeads(dataDir, { closed: 0, eventsPerBead: 1, ...backlog });
  const policy = { slots: 2 * AGENTS, runnerLostMs: 120_000 };
  const more = profile === undefined ? {} : { profile };
  return serveTown({ root: context.root, dataDir, policy, ...more });
}

/** A town at work, in which every new bead lets the oldest run end. */
class WorkingTown implements Disposable {
  readonly #fleet: Fleet;
  readonly #atWork: TakenWork[] = [];
  #slung = 0;
  #onOffer: (title: string) => void = () => undefined;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    fleet.onWork = (work) => {
      // The one of the backlog stays at work: its rig has no other slot.
      if (!work.spec.bead.title.startsWith(TITLE)) return;
      this.#atWork.push(work);
      const oldest = this.#atWork.length > AGENTS ? this.#atWork.shift() : undefined;
      if (oldest !== undefined) finish(oldest);
      this.#onOffer(work.spec.bead.title);
    };
  }

  async fill(): Promise<void> {
    while (this.#atWork.length < AGENTS) {
      const before = this.#atWork.length;
      const count = Math.min(FILL_AT_ONCE, AGENTS - before);
      for (let n = 0; n < count; n++) this.#sling(`${TITLE} ${this.#slung} to begin with`);
      await until("the first work", () => this.#atWork.length >= before + count);
    }
    await this.rest();
  }

  rest(): Promise<void> {
    return this.#fleet.rest();
  }

  /** @throws when a connection failed: the times would be of another town */
  async slings(): Promise<Arrivals> {
    const first = this.#slung;
    const title = (n: number): string => `${TITLE} ${first + n}.`;
    const numbers = new Map<string, number>();
    const arrivals = await steadily(
      STEADY,
      (n) => {
        numbers.set(title(n), n);
        this.#sling(title(n));
      },
      (arrived) => (this.#onOffer = (of) => arrived(numbers.get(of) ?? -1)),
    );
    const { failure } = this.#fleet;
    if (failure !== null) throw new Error(failure);
    return arrivals;
  }

  #sling(title: string): void {
    this.#fleet.sling(this.#slung, title);
    this.#slung += 1;
  }

  [Symbol.dispose](): void {
    this.#fleet[Symbol.dispose]();
  }
}

const TITLE = "Steady bead";

async function fill(context: BenchContext, town: ServedTown): Promise<WorkingTown> {
  context.progress(`  ${RUNNERS} runners, ${RUNNERS} rigs, then ${AGENTS} agents at work`);
  const work = new WorkingTown(await Fleet.open(town, RUNNERS, 1));
  await work.fill();
  return work;
}

function jobs(queue: JobQueue, steady: Steady): Promise<Arrivals> {
  return steadily(
    steady,
    (n) => queue.add(n),
    (arrived) => (queue.onJob = arrived),
  );
}

const PARTS = [
  ["p50", 0.5, P50_MAX],
  ["p99", 0.99, P99_MAX],
] as const;

function describe(round: Round | undefined): string {
  if (round === undefined) return "nothing";
  const of = ({ times, missing }: Arrivals): string => {
    const parts = PARTS.map(([name, part]) => `${name} ${percentile(times, part).toFixed(2)} ms`);
    return `${parts.join(", ")}${missing > 0 ? `, ${missing} never came` : ""}`;
  };
  return `sling to offer ${of(round.town)}, ${round.cpuMs.toFixed(2)} ms of processor each; add to worker ${of(round.queue)}`;
}

function figures(rounds: readonly Round[]): Measurement[] {
  const cpuMs = median(rounds.map((round) => round.cpuMs)).toFixed(2);
  return PARTS.map(([name, part, max]) => {
    const pairs = rounds.map(
      ({ town, queue }) => [percentile(town.times, part), percentile(queue.times, part)] as const,
    );
    const [ours, theirs] = [0, 1].map((side) => median(pairs.map((pair) => pair[side] ?? NaN)));
    return {
      name: `of BullMQ's ${name} (${ours?.toFixed(2)} ms over ${theirs?.toFixed(2)} ms, ${cpuMs} ms of processor each)`,
      value: medianRatio(pairs),
      unit: "x",
      bar: { atMost: max },
    };
  });
}
