// What a person may write after `./gastown torture`.
import { parseArgs } from "node:util";

export interface TortureArguments {
  /** How long faults are played. */
  faultsMs: number;
  /** How long what is left may take afterwards. */
  quietMsMax: number;
  beads: number;
  seed: number;
  runners: number;
}

const MINUTES = 30;
const QUIET_MS_MAX = 5 * 60_000;
const QUIET_PART = 3;
const BEADS = 200;
const RUNNERS = 3;

export const usage = `usage: ./gastown torture [--minutes N] [--beads N] [--seed S] [--runners N]
Plays a real town with its runners and agents while its processes are killed and stopped and its networks cut,
every 2 to 10 s, and says what was lost. Loopback only; it ends by itself and removes what it made.
--minutes: until everything has to be done (${MINUTES}); the last third of it, five minutes at most, is quiet
--beads:   that have to land (${BEADS}); every tenth is done by kilo, the others by a small scripted agent
--seed:    of what is played; drawn unless given
--runners: on this host, each with a data directory of its own (${RUNNERS})`;

/** Answers a sentence on what is wrong, where something is. */
export function parseArguments(argv: readonly string[], drawn: number): TortureArguments | string {
  const number = { type: "string" } as const;
  const options = { minutes: number, beads: number, seed: number, runners: number };
  let values: Partial<Record<keyof typeof options, string>>;
  try {
    ({ values } = parseArgs({ args: [...argv], options }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const wish = { minutes: MINUTES, beads: BEADS, seed: drawn, runners: RUNNERS };
  for (const name of ["minutes", "beads", "seed", "runners"] as const) {
    const given = values[name];
    if (given === undefined) continue;
    const value = Number(given);
    if (!Number.isSafeInteger(value) || value < 1)
      return `--${name} takes a whole number from 1 on.`;
    wish[name] = value;
  }
  const { minutes, ...played } = wish;
  const quietMsMax = Math.min(QUIET_MS_MAX, (minutes * 60_000) / QUIET_PART);
  return { ...played, faultsMs: minutes * 60_000 - quietMsMax, quietMsMax };
}
