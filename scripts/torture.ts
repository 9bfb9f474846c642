// `./gastown torture`: a real town under kills, stops and cut networks, and what it lost.
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { parseArguments, usage } from "./torture/arguments.ts";
import { torture } from "./torture/play.ts";

const SEEDS = 1_000_000;

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes("--help")) {
    console.log(usage);
    return 0;
  }
  const wish = parseArguments(argv, Math.floor(Math.random() * SEEDS));
  if (typeof wish === "string") {
    console.error(`gastown torture: ${wish}`);
    return 2;
  }
  const root = dirname(import.meta.dir);
  console.log(`seed ${wish.seed}`);
  const card = await torture(root, wish, (line) => console.error(line));
  await mkdir(`${root}/dist`, { recursive: true });
  await Bun.write(`${root}/dist/torture.json`, `${JSON.stringify(card, null, 2)}\n`);
  console.log(JSON.stringify(card, null, 2));
  return card.faults.length === 0 ? 0 : 1;
}

process.exit(await main(process.argv.slice(2)));
