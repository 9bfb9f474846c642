import type { Rule } from "../../context.ts";
import { isGoing } from "../../gates.ts";
import type { TurnView } from "../../snapshot.ts";

/** The Mayor is up: the next turn goes to the run that is live, one at a time. With another model a new run takes it. */
export const handTurn: Rule<TurnView> = {
  id: "session/hand-turn",
  why: "a turn waits and the Mayor's run is live and idle",
  decide(turn, { s, runners }) {
    const run = s.runs.find(
      (each) =>
        each.kind === "session" && each.state !== "ended" && each.sessionId === turn.sessionId,
    );
    if (!run || run.state === "offered" || run.stopOrderedAt !== null) return null;
    // The next run takes it, elsewhere.
    const runner = runners.get(run.runnerId);
    if (runner !== undefined && isGoing(runner)) return null;
    const isCurrent = run.model === s.models.mayor;
    return {
      rule: this.id,
      key: turn.id,
      expect: [
        { table: "run", id: run.id, state: run.state },
        { table: "turn", id: turn.id, state: "pending" },
      ],
      actions: [
        isCurrent
          ? { do: "hand_turn", runId: run.id, turnId: turn.id }
          : { do: "order_stop", runId: run.id, reason: "the Mayor's model was changed" },
      ],
    };
  },
};
