// `./gastown bench [ID…]`: figures against their bars, one line each, and all of them in a JSON file.
import { mkdir } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { verdictLine } from "./bench/bench.ts";
import { benches } from "./bench/registry.ts";
import { runBenches } from "./bench/run-benches.ts";

const SECONDS = 60;
const known = benches.map((bench) => bench.id).join(", ");
const usage = `usage: ./gastown bench [ID…] [--seconds N] [--out FILE]
benches: ${benches.map((bench) => `${bench.id} (${bench.title})`).join(", ")}
--seconds: how long a bench watches that measures over a time (${SECONDS})
--out: where the figures go as JSON (dist/bench.json)`;

interface Wish {
  ids: string[];
  seconds: number;
  out: string;
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes("--help")) {
    console.log(usage);
    return 0;
  }
  const root = dirname(import.meta.dir);
  const wish = wishOf(argv, root);
  if (typeof wish === "string") {
    console.error(`gastown bench: ${wish}`);
    return 2;
  }
  const { ids, seconds, out } = wish;
  const chosen = ids.length === 0 ? benches : benches.filter((bench) => ids.includes(bench.id));
  const progress = (line: string): void => console.error(line);
  const profileDir = dirname(out);
  const reports = await runBenches({ root, seconds, progress, profileDir }, chosen, (verdict) =>
    console.log(verdictLine(verdict)),
  );
  const machine = { cores: cpus().length, memoryBytes: totalmem(), bun: Bun.version };
  await mkdir(dirname(out), { recursive: true });
  await Bun.write(out, `${JSON.stringify({ machine, benches: reports }, null, 2)}\n`);
  const verdicts = reports.flatMap((report) => report.verdicts);
  return verdicts.length > 0 && verdicts.every((verdict) => verdict.ok) ? 0 : 1;
}

/** What is asked for, or a sentence on what is wrong with it. */
function wishOf(argv: readonly string[], root: string): Wish | string {
  const options = { seconds: { type: "string" }, out: { type: "string" } } as const;
  let parsed;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { positionals: ids, values } = parsed;
  const unknown = ids.find((id) => !benches.some((bench) => bench.id === id));
  if (unknown !== undefined) return `there is no bench "${unknown}"; there are ${known}.`;
  const seconds = Number(values.seconds ?? SECONDS);
  if (!Number.isSafeInteger(seconds) || seconds < 1) return "--seconds needs a whole number.";
  return { ids, seconds, out: resolve(values.out ?? join(root, "dist", "bench.json")) };
}

process.exit(await main(process.argv.slice(2)));
