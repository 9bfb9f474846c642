// Everything that a town can do is seen at work, by a list of plays that is made by `./gastown sim --cover`.
import { expect, test } from "bun:test";
import { dirname } from "node:path";
import { readCover } from "../../scripts/sim/cover.ts";
import type { KeptScenario } from "../../scripts/sim/regressions.ts";
import { ruleIds } from "../../scripts/sim/rule-ids.ts";
import { Coverage } from "../../sim/check/coverage.ts";
import { drawScenario } from "../../sim/play/draw.ts";
import { runSeed } from "../../sim/play/run-seed.ts";

const root = dirname(dirname(import.meta.dir));
/** Plays beside the list, from this seed on, for what a change of the code took from it. */
const FIRST = 100_000;
const MORE = 60;
const RENEW = "find a new list and commit it: ./gastown sim --cover --seeds 2000 --seed 1";

test("[R1] every rule, row of a table, fault and moment of a crash is seen in a list of plays", async () => {
  const coverage = new Coverage(ruleIds(root));
  const play = (scenario: KeptScenario) => {
    const { violation, covered } = runSeed({ ...scenario, traceLines: 0 });
    expect([scenario.seed, violation]).toEqual([scenario.seed, null]);
    coverage.add(covered);
  };
  for (const scenario of await readCover(root)) play(scenario);
  for (let seed = FIRST; seed < FIRST + MORE && coverage.missing().length > 0; seed++)
    play(drawScenario(seed));
  const missing = coverage.missing();
  if (missing.length > 0) throw new Error(`never seen: ${missing.join("; ")}\n${RENEW}`);
}, 600_000);
