// A short list of plays that together have seen everything: found once, played by every test run.
import { join } from "node:path";
import { z } from "zod";
import { Coverage } from "../../sim/check/coverage.ts";
import { drawScenario } from "../../sim/play/draw.ts";
import { runSeed } from "../../sim/play/run-seed.ts";
import { keptScenarioSchema, type KeptScenario } from "./regressions.ts";
import { ruleIds } from "./rule-ids.ts";

const FILE = "tests/sim/cover.json";
/** Plays of the list that have seen an item: a change of the code that moves the plays seldom moves all of them. */
const TIMES = 2;
/** Of processor time, all plays of the list together. */
const COST_MS_MAX = 45_000;

/** Names in one line: the list is long. */
const storedSchema = keptScenarioSchema.extend({ faults: z.string() });

interface Played {
  play: KeptScenario;
  items: ReadonlySet<string>;
  costMs: number;
}

export async function readCover(root: string): Promise<KeptScenario[]> {
  const file = Bun.file(join(root, FILE));
  if (!(await file.exists())) return [];
  const list = z.array(storedSchema).parse(await file.json());
  return list.map((play) => ({ ...play, faults: play.faults.split(",") }));
}

/**
 * Looks for plays until each item was seen a few times, the present list first, and writes the shortest list found.
 * @param seeds how many new ones are played at most
 * @returns exit code: 1 when an item was never seen, or a play failed
 */
export async function findCover(root: string, first: number, seeds: number): Promise<number> {
  const wanted = new Coverage(ruleIds(root)).missing();
  const played: Played[] = [];
  let failures = 0;
  const take = (play: KeptScenario) => {
    const before = process.cpuUsage();
    const { violation, covered } = runSeed({ ...play, traceLines: 0 });
    const { user, system } = process.cpuUsage(before);
    if (violation === null)
      return void played.push({
        play,
        items: new Set(covered.keys()),
        costMs: (user + system) / 1e3,
      });
    failures += 1;
    console.log(`failed: ${violation.message}\n  ${JSON.stringify(play)}`);
  };
  const never = () => wanted.filter((item) => timesSeen(item, played) === 0);
  const rare = () => wanted.filter((item) => timesSeen(item, played) < TIMES);
  for (const play of await readCover(root)) take(play);
  for (let seed = first; seed < first + seeds && rare().length > 0; seed++) {
    take(drawScenario(seed));
    if (seed % 50 === 0)
      console.log(
        `${seed}: ${rare().length} items were seen less than ${TIMES} times, ${never().length} never`,
      );
  }
  const list = choose(wanted, played);
  const stored = list.map(({ play }) => ({ ...play, faults: play.faults.join(",") }));
  await Bun.write(join(root, FILE), `${JSON.stringify(stored, null, 2)}\n`);
  const cost = list.reduce((sum, { costMs }) => sum + costMs, 0);
  console.log(
    `${list.length} of ${played.length} plays, ${(cost / 1_000).toFixed(1)} s of processor time`,
  );
  for (const item of rare()) console.log(`seen ${timesSeen(item, list)} times: ${item}`);
  return failures > 0 || wanted.some((item) => timesSeen(item, list) === 0) ? 1 : 0;
}

function timesSeen(item: string, played: readonly Played[]): number {
  return played.filter(({ items }) => items.has(item)).length;
}

/** The play that shows most of what is still wanted for its cost, again and again. */
function choose(wanted: readonly string[], played: readonly Played[]): Played[] {
  const left = new Map(wanted.map((item) => [item, TIMES]));
  const found = wanted.filter((item) => timesSeen(item, played) > 0);
  const chosen: Played[] = [];
  const rest = new Set(played);
  let costMs = 0;
  for (;;) {
    const gain = ({ items, costMs: cost }: Played) => {
      // What nobody has shown yet is worth the most.
      const worth = [...items].reduce((sum, item) => sum + (left.get(item) ?? 0) ** 3, 0);
      return worth / (200 + cost);
    };
    const [best] = [...rest].toSorted((a, b) => gain(b) - gain(a));
    const isComplete = found.every((item) => (left.get(item) ?? 0) < TIMES);
    if (best === undefined || gain(best) === 0) return chosen;
    if (isComplete && costMs + best.costMs > COST_MS_MAX) return chosen;
    rest.delete(best);
    chosen.push(best);
    costMs += best.costMs;
    for (const item of best.items) left.set(item, Math.max(0, (left.get(item) ?? 0) - 1));
  }
}
