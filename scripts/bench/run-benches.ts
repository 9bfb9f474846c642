// Runs benches one after the other: two at once would measure each other.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, type BenchContext, meets, type Verdict } from "./bench.ts";

/** Calls `onVerdict` for each figure as it comes, and returns them all. */
export async function runBenches(
  { root, seconds }: Pick<BenchContext, "root" | "seconds">,
  benches: readonly Bench[],
  progress: (line: string) => void,
  onVerdict: (verdict: Verdict) => void,
): Promise<Verdict[]> {
  const all: Verdict[] = [];
  for (const bench of benches) {
    progress(`${bench.id}: ${bench.title}`);
    for (const verdict of await runBench({ root, seconds, progress }, bench)) {
      all.push(verdict);
      onVerdict(verdict);
    }
  }
  return all;
}

async function runBench(context: Omit<BenchContext, "folder">, bench: Bench): Promise<Verdict[]> {
  const { id } = bench;
  const folder = await mkdtemp(join(tmpdir(), `gastown-bench-${id}-`));
  try {
    const measurements = await bench.run({ ...context, folder });
    if (measurements.length === 0) return [{ id, ok: false, failure: "it measured nothing" }];
    return measurements.map((measurement) => ({ id, ok: meets(measurement), measurement }));
  } catch (error) {
    return [{ id, ok: false, failure: error instanceof Error ? error.message : String(error) }];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
