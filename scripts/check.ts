// `./gastown check [gate…]`: every gate on the tree, one line each, details only of what failed.
import { dirname } from "node:path";
import { type GateOutcome, runGates } from "./check/gate.ts";
import { allGates } from "./check/gates.ts";

/** Lines of details shown per gate; a gate that fails everywhere must not bury the others. */
const detailLinesMax = 60;

/** Two tools at once keep two cores busy; more only make each other slower. */
const gatesAtOnce = 2;

function print({ name, result, elapsedMs }: GateOutcome): void {
  const time = `${(elapsedMs / 1000).toFixed(1)} s`.padStart(7);
  console.log(
    `${result.ok ? "ok  " : "FAIL"} ${name.padEnd(8)}${time}  ${result.ok ? result.note : ""}`.trimEnd(),
  );
  if (result.ok) return;
  const lines = result.details.flatMap((detail) => detail.split("\n"));
  for (const line of lines.slice(0, detailLinesMax)) console.log(`     ${line}`);
  if (lines.length > detailLinesMax)
    console.log(`     … and ${lines.length - detailLinesMax} lines more`);
}

async function main(names: readonly string[]): Promise<number> {
  const root = dirname(import.meta.dir);
  const gates = allGates(root);
  const known = gates.map((gate) => gate.name);
  if (names.includes("--help")) {
    console.log(
      `usage: ./gastown check [gate…]\ngates: ${known.join(", ")} (all of them without a name)`,
    );
    return 0;
  }
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    console.error(
      `gastown check: there is no gate "${unknown}"; the gates are ${known.join(", ")}.`,
    );
    return 2;
  }
  const startedMs = performance.now();
  const chosen = names.length === 0 ? gates : gates.filter((gate) => names.includes(gate.name));
  const outcomes = await runGates(chosen, root, gatesAtOnce, print);
  const failed = outcomes.filter((outcome) => !outcome.result.ok).map((outcome) => outcome.name);
  const time = `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
  console.log(
    failed.length === 0
      ? `check passed in ${time}`
      : `check failed in ${time}: ${failed.join(", ")}`,
  );
  return failed.length === 0 ? 0 : 1;
}

process.exit(await main(process.argv.slice(2)));
