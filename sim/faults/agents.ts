/** Agents that are odd: one fault for each way. */
import { ODDITIES, type Oddity } from "../play/minds.ts";
import type { Fault } from "./fault.ts";

/** Of the runs of any bead. */
const SHARE = 0.06;
/** What the model does, it does to every bead, and not for ever. */
const OF_THE_MODEL: ReadonlySet<Oddity> = new Set([
  "model fails",
  "model fails later",
  "is out of quota",
]);
/** Of the beads: all of their runs are odd in the same way. */
const STUBBORN = 0.02;

function odd(oddity: Oddity): Fault {
  return {
    name: `agent-${oddity.replaceAll(" ", "-")}`,
    group: "agent",
    begin: ({ play, random, fired, isActive, pace }) => {
      const { hooks } = play;
      const before = hooks.oddity;
      hooks.oddity = (spec) => {
        const other = before(spec);
        const bead = play.view.runs.get(spec.runId)?.beadId ?? null;
        const isStubborn =
          bead !== null &&
          !OF_THE_MODEL.has(oddity) &&
          Number(Bun.hash(`${oddity} ${bead}`) % 1_000n) < STUBBORN * 1_000;
        const isOdd = isStubborn || (isActive() && random.unit() < SHARE * pace);
        if (other !== null || !isOdd) return other;
        fired();
        return oddity;
      };
    },
  };
}

export const agentFaults: readonly Fault[] = ODDITIES.map(odd);
