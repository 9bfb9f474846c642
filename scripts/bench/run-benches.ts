// Runs benches one after the other: two at once would measure each other.
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, type BenchContext, meets, type Verdict } from "./bench.ts";
import { atEnd } from "./load/at-end.ts";
import { hottest, type HotFunction, readProfile, sourcesBelow } from "./cpu-profile.ts";

/** Functions named of a profile. */
const HOTTEST = 5;

/** What became of one bench. */
export interface BenchReport {
  id: string;
  /** The machine's load average over a minute, before and after. */
  load: readonly [before: number, after: number];
  verdicts: Verdict[];
  /** Where the time went, when a bar was missed and the bench can tell. */
  profile: { file: string; hottest: HotFunction[] } | null;
}

export interface BenchRun extends Pick<BenchContext, "root" | "seconds" | "progress"> {
  /** Where profiles of missed benches go. */
  profileDir: string;
}

/** Calls `onVerdict` for each figure as it comes, and returns everything. */
export async function runBenches(
  wish: BenchRun,
  benches: readonly Bench[],
  onVerdict: (verdict: Verdict) => void,
): Promise<BenchReport[]> {
  const all: BenchReport[] = [];
  for (const bench of benches) {
    wish.progress(`${bench.id}: ${bench.title}`);
    all.push(await runBench(wish, bench, onVerdict));
  }
  return all;
}

async function runBench(
  { profileDir, ...wish }: BenchRun,
  bench: Bench,
  onVerdict: (verdict: Verdict) => void,
): Promise<BenchReport> {
  const { id } = bench;
  const before = minuteLoad();
  const verdicts = await inFolder(id, (folder) => measure(bench, { ...wish, folder }));
  for (const verdict of verdicts) onVerdict(verdict);
  const after = minuteLoad();
  wish.progress(`  load ${before} before, ${after} after`);
  const missed = verdicts.some((verdict) => "measurement" in verdict && !verdict.ok);
  const file = join(profileDir, `bench-${id}.cpuprofile`);
  const profile = missed
    ? await inFolder(id, (folder) => profileOf(bench, { ...wish, folder }, file))
    : null;
  return { id, load: [before, after], verdicts, profile };
}

async function measure(bench: Bench, context: BenchContext): Promise<Verdict[]> {
  const { id } = bench;
  try {
    const measurements = await bench.run(context);
    if (measurements.length === 0) return [{ id, ok: false, failure: "it measured nothing" }];
    return measurements.map((measurement) => ({ id, ok: meets(measurement), measurement }));
  } catch (error) {
    return [{ id, ok: false, failure: error instanceof Error ? error.message : String(error) }];
  }
}

/** A profile that cannot be taken is told and changes no verdict. */
async function profileOf(
  bench: Bench,
  context: BenchContext,
  file: string,
): Promise<BenchReport["profile"]> {
  if (bench.profile === undefined) return null;
  context.progress(`  once more with a CPU profile: ${file}`);
  try {
    await mkdir(join(file, ".."), { recursive: true });
    await bench.profile(context, file);
    const functions = hottest(await readProfile(file), HOTTEST, sourcesBelow(context.root));
    for (const { name, place, percent } of functions)
      context.progress(`  ${percent.toFixed(1).padStart(5)} % ${name} (${place})`);
    return { file, hottest: functions };
  } catch (error) {
    context.progress(`  no profile: ${String(error)}`);
    return null;
  }
}

async function inFolder<T>(id: string, act: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), `gastown-bench-${id}-`));
  const gone = atEnd(() => rmSync(folder, { recursive: true, force: true }));
  try {
    return await act(folder);
  } finally {
    gone();
    await rm(folder, { recursive: true, force: true });
  }
}

function minuteLoad(): number {
  return Number((loadavg()[0] ?? Number.NaN).toFixed(1));
}
