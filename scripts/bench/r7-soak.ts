// R7: a town under steady work for an hour: what grows with time rather than with work, and what is left behind.
import { existsSync } from "node:fs";
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { namesIn } from "../../runner/git/paths.ts";
import { treeUse } from "../../tests/support/tree-use.ts";
import { piecesOf, slingAll, untilEnded, type BeadsSeen } from "../torture/beads.ts";
import { openScene, type Scene } from "../torture/scene.ts";
import { scoreOf } from "../torture/score.ts";
import { NotRun, type Bench, type BenchContext, type Measurement } from "./bench.ts";
import { slopeOf } from "./spread.ts";

/** One bead in this time: a fifth of what two cores do. */
const BEAD_MS = 15_000;
const SAMPLE_MS = 5_000;
/** Of the time: caches fill, the first compaction has come. */
const WARM_PART = 1 / 3;
const QUIET_MS_MAX = 300_000;
const SECONDS_MIN = 900;
const SEED = 7;
const SLOPE_MB_MAX = 1;
const TEN_MINUTES_MS = 600_000;
/** Compaction shall have much to do in an hour. */
const KEPT_MS = 300_000;
const GROWTH_MAX = 1.25;
const TENTHS = 10;

interface Sample {
  atMs: number;
  townMb: number;
  runnerMb: number;
  rows: Rows;
}

const townOf = ({ townMb }: Sample) => townMb;
const runnerOf = ({ runnerMb }: Sample) => runnerMb;

interface Rows {
  changes: number;
  events: number;
}

export const r7Soak: Bench = {
  id: "R7",
  title: "an hour of steady work (with --seconds 3600)",
  async run(context) {
    if (context.seconds < SECONDS_MIN)
      throw new NotRun(`ask for it with --seconds 3600; less than ${SECONDS_MIN} says nothing.`);
    const policy = { changesKeptMs: KEPT_MS, streamsKeptMs: KEPT_MS };
    await using scene = await openScene({
      ...{ root: context.root, dir: context.folder, runners: 1 },
      ...{ restartMs: () => 0, policy },
    });
    const forMs = context.seconds * 1_000;
    const watched = watch(scene, forMs);
    const pieces = piecesOf(Math.ceil(forMs / BEAD_MS), SEED, scene.rigs);
    await slingAll(scene.person, pieces, forMs);
    const course = await watched;
    const samples = course.filter(({ atMs }) => atMs >= forMs * WARM_PART);
    context.progress(`  server, MB by tenths of the time: ${courseOf(course, townOf)}`);
    context.progress(`  runner, MB by tenths of the time: ${courseOf(course, runnerOf)}`);
    context.progress("  all beads are slung; what is under way ends");
    const untilMs = performance.now() + QUIET_MS_MAX;
    const beads = await untilEnded(scene.person, untilMs, () => undefined);
    const score = await scoreOf(pieces, beads, scene.rigs.bares);
    for (const fault of score.faults) context.progress(`  ${fault}`);
    return [
      ...slopes(samples),
      growth("rows of the change feed", samples, ({ rows }) => rows.changes),
      growth("events of agents kept", samples, ({ rows }) => rows.events),
      atMost("of the beads not landed once", pieces.length - score.landed, "beads"),
      ...(await leftBehind(scene, beads, context)),
    ];
  },
};

/** Looks at both processes, and counts what is stored, all the time. */
async function watch(scene: Scene, forMs: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const begunMs = performance.now();
  const megabytes = (pid: number | null | undefined) =>
    (typeof pid === "number" ? (treeUse(pid)[0]?.residentBytes ?? Number.NaN) : Number.NaN) / 1e6;
  for (let atMs = 0; atMs < forMs; atMs = performance.now() - begunMs) {
    const townMb = megabytes(scene.town.pid);
    const runnerMb = megabytes(scene.runners[0]?.keeper.pid);
    samples.push({ atMs, townMb, runnerMb, rows: rowsOf(scene) });
    await Bun.sleep(Math.min(SAMPLE_MS, forMs - atMs));
  }
  return samples;
}

/** The middle figure of each tenth of the time: whether it grows on, or comes to rest. */
function courseOf(samples: readonly Sample[], value: (sample: Sample) => number): string {
  const tenth = Math.max(1, Math.ceil(samples.length / TENTHS));
  return Array.from({ length: TENTHS }, (_, n) => {
    const part = samples.slice(n * tenth, (n + 1) * tenth).map(value);
    return part.toSorted((a, b) => a - b)[Math.floor(part.length / 2)]?.toFixed(0) ?? "-";
  }).join(" ");
}

function slopes(samples: readonly Sample[]): Measurement[] {
  const of = (name: string, value: (sample: Sample) => number): Measurement => ({
    name: `${name} resident, each ten minutes (from ${first(samples, value)} to ${first(samples.toReversed(), value)} MB)`,
    value: slopeOf(samples.map((sample) => [sample.atMs, value(sample)])) * TEN_MINUTES_MS,
    ...{ unit: "MB", bar: { atMost: SLOPE_MB_MAX } },
  });
  return [of("server", townOf), of("runner", runnerOf)];
}

function first(samples: readonly Sample[], value: (sample: Sample) => number): string {
  const [sample] = samples;
  return sample === undefined ? "-" : value(sample).toFixed(0);
}

function rowsOf({ dataDir }: Scene): Rows {
  return {
    changes: countOf(join(dataDir, "town.db"), "select count(*) as n from changes"),
    events: countOf(join(dataDir, "events.db"), "select count(*) as n from events"),
  };
}

function countOf(file: string, query: string): number {
  using db = new Database(file, { readonly: true });
  return db.query<{ n: number }, []>(query).get()?.n ?? Number.NaN;
}

/** Of ended runs and beads: their trees, timers and processes. */
async function leftBehind(
  scene: Scene,
  beads: BeadsSeen,
  context: BenchContext,
): Promise<Measurement[]> {
  const ended = new Set(beads.filter(({ status }) => status === "closed").map(({ id }) => id));
  using db = new Database(join(scene.dataDir, "town.db"), { readonly: true });
  const timers = db
    .query<{ subject: string; kind: string }, []>("select subject, kind from timers")
    .all()
    .filter(({ subject }) => subject.startsWith("rn_") || ended.has(subject));
  for (const { subject, kind } of timers) context.progress(`  timer ${kind} of ${subject}`);
  const runner = join(context.folder, "runner-0", "runner");
  const kept = await namesIn(join(runner, "warm"));
  const trees = [
    ...(await namesIn(join(runner, "runs"))),
    // One that waits for its run is no run's.
    ...kept.filter((name) => existsSync(join(runner, "warm", name, "run.json"))),
  ];
  const processes = await scene.end();
  for (const line of [...trees, ...processes]) context.progress(`  left: ${line}`);
  return [
    atMost("of what has ended", timers.length, "timers"),
    atMost("of what has ended", trees.length, "trees"),
    atMost("after the end", processes.length, "processes"),
  ];
}

/** What compaction leaves rises and falls: the highest of the later half over that of the earlier. */
function growth(
  name: string,
  samples: readonly Sample[],
  rowsIn: (sample: Sample) => number,
): Measurement {
  const half = Math.floor(samples.length / 2);
  const most = (part: readonly Sample[]) => Math.max(...part.map(rowsIn));
  const [before, after] = [most(samples.slice(0, half)), most(samples.slice(half))];
  return {
    name: `${name}, most in the later half over the earlier (${before} to ${after})`,
    ...{ value: after / before, unit: "x", bar: { atMost: GROWTH_MAX } },
  };
}

function atMost(name: string, value: number, unit: string): Measurement {
  return { name, value, unit, bar: { atMost: 0 } };
}
