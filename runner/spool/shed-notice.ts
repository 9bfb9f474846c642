/** What stands in the place of agent events that a full spool had to drop. */
import type { Fact, FactBody } from "../../protocol/facts.ts";

/** Keeps the place of the last event, so that the numbers of a run's stream stay in order. */
export function shedNotice(fact: Fact): FactBody {
  if (fact.body.kind !== "events")
    throw new Error(`only event batches are shed, not ${fact.body.kind}`);
  const count = fact.body.events.length;
  const last = fact.body.events.at(-1);
  if (last === undefined) return fact.body;
  return {
    kind: "events",
    events: [
      {
        seq: last.seq,
        at: last.at,
        turnId: last.turnId,
        body: {
          kind: "notice",
          level: "warning",
          text: `${count} events were left out: the runner was cut off from the town and its spool was full.`,
        },
      },
    ],
  };
}
