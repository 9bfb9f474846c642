// P4: agents that talk, people who follow them, and commands in between.
import { join } from "node:path";
import type { Bench, BenchContext, Measurement } from "./bench.ts";
import { EventSource } from "./load/event-source.ts";
import { serveTown, type ServedTown } from "./load/served-town.ts";
import { steadily } from "./load/steady.ts";
import { TalkingTown } from "./load/talking-town.ts";
import { RowFile } from "./peers/raw-sqlite.ts";
import { median, medianRatio, percentile } from "./spread.ts";

const SIZE = { agents: 50, viewers: 200, runners: 5 };
const ROUNDS = 5;
const RAW_MS = 1_000;
const TALK_MS = 3_000;
const COMMANDS = { perSecond: 50, windowMs: 2_500, lateMsMax: 10_000 };
const OVER_RAW_MIN = 0.5;
const VIEWER_MS_MAX = 150;
/** What the load client's target asks of acknowledgements (P13). */
const ACK_MS_MAX = 100;

export const p4Streams: Bench = {
  id: "P4",
  title: `events of ${SIZE.agents} agents stored while ${SIZE.viewers} viewers follow one each`,
  async run(context) {
    await using town = await openTown(context);
    using talking = await TalkingTown.open(town, SIZE);
    using file = new RowFile(context.folder);
    const rows = new EventSource().batch().map((event) => JSON.stringify(event));
    // A warm-up: the first frames are slow while code is compiled.
    await talking.talk(TALK_MS / 4);
    const rounds: Round[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const raw = file.perSecond(rows, RAW_MS);
      const alone = await commands(talking);
      const before = town.cpuMs();
      const [heard, amid] = await Promise.all([talking.talk(TALK_MS), commands(talking)]);
      const stored = (1_000 * heard.events) / heard.elapsedMs;
      const cpuUs = (1_000 * (town.cpuMs() - before)) / heard.events;
      rounds.push({ raw, stored, cpuUs, delays: heard.delays, alone, amid });
      context.progress(`  ${round} of ${ROUNDS}: ${describe(rounds.at(-1))}`);
    }
    return figures(rounds);
  },
  async profile(context, file) {
    await using town = await openTown(context, file);
    using talking = await TalkingTown.open(town, SIZE);
    await Promise.all([talking.talk(TALK_MS), commands(talking)]);
  },
};

interface Round {
  /** Rows per second. */
  raw: number;
  /** Events per second. */
  stored: number;
  /** Microseconds of the town's processor time per event, with all that goes with it. */
  cpuUs: number;
  /** Milliseconds, at the viewers. */
  delays: number[];
  /** Milliseconds of commands without and with the load. */
  alone: number[];
  amid: number[];
}

function openTown(context: BenchContext, profile?: string): Promise<ServedTown> {
  return serveTown({
    root: context.root,
    dataDir: join(context.folder, "data"),
    policy: { slots: 2 * SIZE.agents },
    ...(profile === undefined ? {} : { profile }),
  });
}

/** Small durable commands at a steady rate: milliseconds until each is acknowledged. */
async function commands({ fleet }: TalkingTown): Promise<number[]> {
  let arrived: (n: number) => void = () => undefined;
  const [rig = ""] = fleet.rigs;
  const { times } = await steadily(
    COMMANDS,
    // A rig's slots, one more and one less: nothing follows from it.
    (n) =>
      void fleet.call("rig.update", { rig, set: { slots: 63 + (n % 2) } }).then(() => arrived(n)),
    (tell) => (arrived = tell),
  );
  return times;
}

const tail = (times: readonly number[]): number => percentile(times, 0.99);

function describe(round: Round | undefined): string {
  if (round === undefined) return "nothing";
  const { raw, stored, cpuUs, delays, alone, amid } = round;
  return [
    `${stored.toFixed(0)} events/s, ${cpuUs.toFixed(1)} us of processor each, raw ${raw.toFixed(0)}/s`,
    `viewers p50 ${median(delays).toFixed(0)} ms, p99 ${tail(delays).toFixed(0)} ms`,
    `acks p99 ${tail(alone).toFixed(1)} ms alone, ${tail(amid).toFixed(1)} ms amid`,
  ].join("; ");
}

function figures(rounds: readonly Round[]): Measurement[] {
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  const rates = `${middle((round) => round.stored).toFixed(0)}/s over ${middle((round) => round.raw).toFixed(0)}/s`;
  const acks = (of: "alone" | "amid"): string =>
    `p50 ${middle((round) => median(round[of])).toFixed(2)} ms`;
  const aloneMs = middle((round) => tail(round.alone));
  return [
    {
      name: `of raw batched inserts (${rates}, ${middle((round) => round.cpuUs).toFixed(1)} us of processor each)`,
      value: medianRatio(rounds.map(({ stored, raw }) => [stored, raw])),
      unit: "x",
      bar: { atLeast: OVER_RAW_MIN },
    },
    {
      name: `p99 from an event to its viewers (p50 ${middle((round) => median(round.delays)).toFixed(0)} ms)`,
      value: middle((round) => tail(round.delays)),
      unit: "ms",
      bar: { atMost: VIEWER_MS_MAX },
    },
    {
      name: `p99 of acks amid the events, ${acks("amid")} (alone ${acks("alone")}, p99 ${aloneMs.toFixed(1)} ms)`,
      value: middle((round) => tail(round.amid)),
      unit: "ms",
      bar: { atMost: ACK_MS_MAX },
    },
  ];
}
