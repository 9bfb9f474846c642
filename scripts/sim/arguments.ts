// What a person may write after `./gastown sim`.
import { chooseFaults } from "../../sim/faults/registry.ts";
import type { Size } from "../../sim/play/scenario.ts";

export interface SimArguments {
  /** How many seeds are played, from the first on. */
  seeds: number;
  seed: number;
  faults: string[];
  size: Size;
  activeMs: number;
  pace: number;
  trace: boolean;
  shrink: boolean;
  coverage: boolean;
  /** Names of planted faults, or all of them when there is none; null: they are not asked for. */
  mutants: string[] | null;
  regressions: boolean;
  cover: boolean;
  /** Faults, size, time and pace come from each seed. */
  draw: boolean;
  /** Plays no more seeds after the first that fails. */
  untilFailure: boolean;
}

export const usage = `usage: ./gastown sim [--seeds N] [--seed S] [--faults LIST] [--beads N] [--rigs N] [--runners N]
                     [--minutes N] [--pace N] [--trace] [--shrink] [--coverage] [--regressions] [--mutants [NAMES]]
                     [--draw] [--cover]
--seeds:       how many seeds, from --seed on (one; the first is drawn when it is not said)
--faults:      names or groups (infra, agent, people, all, none), separated by commas
--minutes:     how long people and faults act, in the play's own time
--draw:        faults, size, minutes and pace are drawn by each seed: more that is rare in less time
--pace:        how many times as often as usual (once)
--trace:       the trace of a seed that fails, or of the only one
--shrink:      looks for the smallest play that fails in the same way
--coverage:    fails unless every rule and every fault was seen
--regressions: the seeds of tests/sim/regressions.json instead
--cover:       a new list of plays that see everything, tests/sim/cover.json, from at most --seeds plays
--until-failure: no more seeds after the first that fails
--mutants:     planted faults of sim/mutants, all or those named (with commas), one at a time: each must be caught`;

/** The size of a seed as the targets name it. */
const FULL: Size = { beads: 100, rigs: 3, runners: 5 };
const MINUTES = 20;

export type Parsed = { ok: true; value: SimArguments } | { ok: false; message: string };

export function parseArguments(argv: readonly string[], drawn: number): Parsed {
  const value: SimArguments = {
    seeds: 1,
    seed: drawn,
    faults: ["all"],
    size: { ...FULL },
    activeMs: MINUTES * 60_000,
    pace: 1,
    ...{ trace: false, shrink: false, coverage: false, mutants: null, regressions: false },
    ...{ cover: false, draw: false },
    untilFailure: false,
  };
  const queue = argv.flatMap((word) => (word.startsWith("--") ? word.split("=") : [word]));
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const message = readOption(word, queue, value);
    if (message !== null) return { ok: false, message };
  }
  const chosen = chooseFaults(value.faults);
  if ("unknown" in chosen) return { ok: false, message: `there is no fault ${chosen.unknown}.` };
  return { ok: true, value: { ...value, faults: chosen.names } };
}

/** What is wrong with it, or null. */
function readOption(word: string, queue: string[], value: SimArguments): string | null {
  const name = word.slice(2);
  const flags = ["trace", "shrink", "coverage", "regressions", "cover", "draw"] as const;
  const flag = flags.find((known) => known === name);
  if (flag !== undefined) {
    value[flag] = true;
    return null;
  }
  if (name === "until-failure") {
    value.untilFailure = true;
    return null;
  }
  if (name === "mutants") {
    const names = queue[0]?.startsWith("--") === false ? queue.shift() : undefined;
    value.mutants = names?.split(",") ?? [];
    return null;
  }
  const text = queue.shift();
  if (name === "faults" && text !== undefined) {
    value.faults = text.split(",");
    return null;
  }
  const count = Number(text);
  if (!/^\d{1,9}$/.test(text ?? "")) return `${word} is no option, or needs a whole number.`;
  if (name === "seeds" || name === "seed") value[name] = count;
  else if (name === "minutes") value.activeMs = count * 60_000;
  else if (name === "pace") value.pace = count;
  else if (name === "beads" || name === "rigs" || name === "runners")
    value.size[name] = Math.max(1, count);
  else return `there is no option ${word}.`;
  return null;
}
