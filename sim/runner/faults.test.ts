import { expect, test } from "bun:test";
import type { AgentSpec } from "../../runner/agents/driver.ts";
import {
  expectLandedAfter,
  expectLandedOnce,
  play,
  polecat,
  refinery,
  stage,
  STEPS_MAX,
  url,
  type Played,
  type Stage,
} from "../../tests/support/one-bead.ts";
import type { Answer, Mind } from "../agent/answer.ts";
import type { NetworkFault } from "../git/forge.ts";
import { SimRandom } from "../random.ts";
import { runUntil } from "../steps.ts";
import type { Fate } from "./network.ts";

const done = { name: "gt_done", arguments: { summary: "Wrote the line" } };
const wrote = { writes: { "line.txt": "a line\n" }, goesOn: true };
const approve = {
  name: "gt_verdict",
  arguments: { verdict: "approve", summary: "Fine" },
} as const;

/** The first polecat, or the first refinery, is of the given kind; all that come after are sound. */
function oneOdd(role: "polecat" | "refinery", odd: readonly Answer[] | null) {
  let met = false;
  return ({ role: own }: AgentSpec): Mind | null => {
    const sound = own === "polecat" ? polecat : refinery;
    const first = own === role && !met;
    met ||= own === role;
    if (first && odd === null) return null;
    const left = [...(first ? (odd ?? []) : sound)];
    return () => left.shift() ?? {};
  };
}

const silent = { silent: true };
const throttle = { kind: "throttle", status: 429, message: "slow", retryAfterMs: 1_000 } as const;
const quota = { kind: "quota", status: 402, message: "spent", retryAfterMs: null } as const;

const oddities: [
  name: string,
  role: "polecat" | "refinery",
  odd: readonly Answer[] | null,
  outcomes: string[],
][] = [
  ["says done and did nothing", "polecat", [{ tool: done }, { text: "Done." }], ["no_result"]],
  ["does it and never says so", "polecat", [wrote, { text: "I did it." }], ["done"]],
  ["says done twice", "polecat", [wrote, { tool: done }, { tool: done }], ["done"]],
  ["says done, and goes on to write", "polecat", [wrote, { tool: done }, wrote], ["done"]],
  ["falls silent at once", "polecat", [silent], ["rejected"]],
  ["falls silent in its work", "polecat", [wrote, silent], ["no_result"]],
  [
    "dawdles for minutes and finishes",
    "polecat",
    [{ ...wrote, afterMs: 170_000 }, { tool: done }],
    ["done"],
  ],
  [
    "finishes after it was given up",
    "polecat",
    [{ ...wrote, afterMs: 200_000 }, { tool: done }],
    ["rejected"],
  ],
  ["dies in its work", "polecat", [wrote, { dies: true }], ["crashed"]],
  ["refuses to start", "polecat", null, ["rejected"]],
  ["has no quota", "polecat", [{ fails: quota }], ["quota"]],
  [
    "is throttled a while",
    "polecat",
    [{ fails: throttle }, { fails: throttle }, wrote, { tool: done }],
    ["done"],
  ],
  [
    "gives no verdict",
    "refinery",
    [{ text: "Nice." }, { text: "Nice." }],
    ["done", "done", "no_result"],
  ],
  ["gives its verdict twice", "refinery", [{ tool: approve }, { tool: approve }], ["done"]],
  ["dies before its verdict", "refinery", [{ dies: true }], ["done", "done", "crashed"]],
];

test.each(oddities)(
  "[SIM-agent] an agent that %s delays the bead and harms nothing",
  async (_name, role, odd, outcomes) => {
    const scene = stage({ mindOf: oneOdd(role, odd) });
    scene.host.start();
    await runUntil(scene.clock, () => scene.town.done, STEPS_MAX);
    const seen = scene.town.of("exit").map(({ outcome }) => outcome);
    expect(seen.slice(0, outcomes.length)).toEqual(outcomes as typeof seen);
    expectLandedOnce(scene, { crashes: true });
  },
);

/** A world in which things go wrong by chance until `quietMs`, and never after. */
function unruly(seed: number, clock: () => { mono(): number }, quietMs: number) {
  const random = new SimRandom(seed);
  const chance = (share: number) => clock().mono() < quietMs && random.unit() < share;
  const faults: NetworkFault[] = ["unreachable", "timed_out", "answer_lost"];
  const fate = (): Fate => ({
    delayMs: 1 + random.below(clock().mono() < quietMs ? 400 : 5),
    lost: chance(0.02),
    doubled: chance(0.03),
  });
  const fault = () => (chance(0.15) ? (faults[random.below(faults.length)] ?? null) : null);
  return { random, fate, fault };
}

async function playUnruly(seed: number): Promise<Played> {
  let scene: Stage | null = null;
  const { random, fate, fault } = unruly(seed, () => scene?.clock ?? { mono: () => 0 }, 120_000);
  const blows = Array.from({ length: 3 }, () => random.below(700))
    .toSorted((a, b) => a - b)
    .map((at) => ({ at, how: random.unit() < 0.7 ? ("kill" as const) : ("power" as const) }));
  const prepare = (made: Stage) => {
    scene = made;
    made.forge.fault = fault;
    for (let n = 0; n < 3; n++) {
      const change = new Map([[`stray${n}.txt`, "s\n"]]);
      made.clock.after(random.below(3_000), () => made.forge.stray(url, "main", change));
    }
  };
  return play(blows, { fate }, prepare);
}

test("[SIM-runner] under lost, late and doubled frames, a failing remote, strangers and kills the bead lands once", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const played = await playUnruly(seed).catch((cause: unknown) => {
      throw new Error(`seed ${seed}`, { cause });
    });
    expectLandedAfter(`seed ${seed}`, played, { branches: true });
  }
}, 120_000);
