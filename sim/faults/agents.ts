/** Agents that are odd: one fault for each way. */
import { ODDITIES, type Oddity } from "../play/minds.ts";
import type { Fault } from "./fault.ts";

const SHARE = 0.15;

function odd(oddity: Oddity): Fault {
  return {
    name: `agent-${oddity.replaceAll(" ", "-")}`,
    group: "agent",
    begin: ({ play, random, fired, isActive }) => {
      const { hooks } = play;
      const before = hooks.oddity;
      hooks.oddity = (spec) => {
        const other = before(spec);
        if (other !== null || !isActive() || random.unit() >= SHARE) return other;
        fired();
        return oddity;
      };
    },
  };
}

export const agentFaults: readonly Fault[] = ODDITIES.map(odd);
