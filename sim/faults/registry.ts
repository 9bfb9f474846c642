/** Every fault there is, by name. */
import { handFaults, peopleFaults } from "./people/acting.ts";
import { agentFaults } from "./agents.ts";
import { dataFaults } from "./backups.ts";
import type { Fault } from "./fault.ts";
import { networkFaults } from "./network.ts";
import { processFaults } from "./processes.ts";
import { storageFaults } from "./storage.ts";

export const faults: readonly Fault[] = [
  ...networkFaults,
  ...processFaults,
  ...storageFaults,
  ...agentFaults,
  ...peopleFaults,
  ...dataFaults,
  ...handFaults,
];

/** Names of faults from a list of names and groups, e.g. `infra,agent-lies`; an unknown one is returned as `unknown`. */
export function chooseFaults(list: readonly string[]): { names: string[] } | { unknown: string } {
  const names = new Set<string>();
  for (const word of list) {
    const fits = faults.filter(
      ({ name, group }) => word === "all" || name === word || group === word,
    );
    if (fits.length === 0 && word !== "none") return { unknown: word };
    for (const { name } of fits) names.add(name);
  }
  return { names: faults.map(({ name }) => name).filter((name) => names.has(name)) };
}
