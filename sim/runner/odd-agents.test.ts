import { expect, test } from "bun:test";
import type { AgentSpec } from "../../runner/agents/driver.ts";
import {
  expectLandedOnce,
  polecat,
  refinery,
  stage,
  STEPS_MAX,
} from "../../tests/support/one-bead.ts";
import type { Answer, Mind } from "../agent/answer.ts";
import { runUntil } from "../steps.ts";

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
  ["falls silent in its work, and is woken", "polecat", [wrote, silent], ["done"]],
  ["stays silent when it is woken", "polecat", [wrote, silent, silent], ["no_result"]],
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
  [
    "dies while its done is checked",
    "polecat",
    [wrote, { tool: done, dies: "in its call" }],
    ["done"],
  ],
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
