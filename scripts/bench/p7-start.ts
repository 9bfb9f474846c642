// P7, empty: from the start of the process to the line that says it is ready.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, BenchContext } from "./bench.ts";
import { median } from "./spread.ts";

const RUNS = 5;
const READY_MS_MAX = 200;

export const p7Start: Bench = {
  id: "P7",
  title: "start to ready on an empty data directory, without the wrapper and the runner",
  async run(context) {
    // The first one fills the file cache; a person's second start is what counts.
    await startOnce(context, "warm-up");
    const times: number[] = [];
    for (let run = 1; run <= RUNS; run++) {
      times.push(await startOnce(context, String(run)));
      context.progress(`  ${run} of ${RUNS}: ${times.at(-1)?.toFixed(0)} ms`);
    }
    const value = median(times);
    return [{ name: `median of ${RUNS}`, value, unit: "ms", bar: { atMost: READY_MS_MAX } }];
  },
};

async function startOnce({ root, folder }: BenchContext, name: string): Promise<number> {
  const dataDir = join(folder, name);
  const command = [process.execPath, `--config=${join(root, "bunfig.toml")}`, "--no-env-file"];
  const up = ["up", "--no-runner", "--no-open", "--json", "--port", "0", "--data", dataDir];
  const startedMs = performance.now();
  const child = Bun.spawn([...command, join(root, "dist", "program", "main.js"), ...up], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const { value } = await child.stdout.getReader().read();
    const elapsedMs = performance.now() - startedMs;
    if (value === undefined) throw new Error("the town ended before it was ready");
    return elapsedMs;
  } finally {
    child.kill("SIGTERM");
    await child.exited;
    await rm(dataDir, { recursive: true, force: true });
  }
}
