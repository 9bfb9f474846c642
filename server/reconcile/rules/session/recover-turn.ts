import type { Rule } from "../../context.ts";
import type { TurnView } from "../../snapshot.ts";

/** A turn under way without a run would hold up every later one. */
export const recoverTurn: Rule<TurnView> = {
  id: "session/recover-turn",
  why: "the turn is under way but no run executes it",
  decide(turn) {
    return {
      rule: this.id,
      key: turn.id,
      expect: [{ table: "turn", id: turn.id, state: "running" }],
      actions: [
        {
          do: "turn_again",
          turnId: turn.id,
          counted: true,
          text: "Run again by the next Mayor: no run had it any more.",
        },
      ],
    };
  },
};
