// `./gastown bench [ID…]`: figures against their bars, one line each, and all of them in a JSON file.
import { mkdir } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { verdictLine } from "./bench/bench.ts";
import { benches } from "./bench/registry.ts";
import { runBenches } from "./bench/run-benches.ts";

const usage = `usage: ./gastown bench [ID…] [--out FILE]
benches: ${benches.map((bench) => `${bench.id} (${bench.title})`).join(", ")}
--out: where the figures go as JSON (dist/bench.json)`;

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes("--help")) {
    console.log(usage);
    return 0;
  }
  const root = dirname(import.meta.dir);
  const at = argv.indexOf("--out");
  const out = at === -1 ? join(root, "dist", "bench.json") : argv[at + 1];
  const ids = argv.filter((_, index) => at === -1 || (index !== at && index !== at + 1));
  const unknown = ids.find((id) => !benches.some((bench) => bench.id === id));
  if (out === undefined || unknown !== undefined) {
    const known = benches.map((bench) => bench.id).join(", ");
    const problem =
      out === undefined
        ? "--out needs a file."
        : `there is no bench "${unknown}"; there are ${known}.`;
    console.error(`gastown bench: ${problem}`);
    return 2;
  }
  const chosen = ids.length === 0 ? benches : benches.filter((bench) => ids.includes(bench.id));
  const progress = (line: string): void => console.error(line);
  const verdicts = await runBenches(root, chosen, progress, (verdict) =>
    console.log(verdictLine(verdict)),
  );
  const machine = { cores: cpus().length, memoryBytes: totalmem(), bun: Bun.version };
  await mkdir(dirname(resolve(out)), { recursive: true });
  await Bun.write(resolve(out), `${JSON.stringify({ machine, verdicts }, null, 2)}\n`);
  return verdicts.length > 0 && verdicts.every((verdict) => verdict.ok) ? 0 : 1;
}

process.exit(await main(process.argv.slice(2)));
