import { breakerMove, type BreakerMove } from "../../../model/breaker.ts";
import type { Action, Step } from "../../plan.ts";
import type { Snapshot } from "../../snapshot.ts";

const RULE = "town/watch-breaker";

/** Failures to start on several beads, and spend that moves nothing, open the breaker; progress of one bead closes it. */
export function watchBreaker(s: Snapshot): Step | null {
  const move = breakerMove(s.breaker, s.now, s.policy);
  if (move === null) return null;
  return {
    rule: RULE,
    key: "breaker",
    expect: [{ table: "breaker", id: "town", state: s.breaker.state }],
    actions: [{ do: "move_breaker", move }, ...tell(s, move)],
  };
}

/** One card while it is not closed. */
function tell({ breaker }: Snapshot, { state, reason }: BreakerMove): Action[] {
  if (state === "closed") return [{ do: "resolve_from", rule: RULE, note: "work moves again" }];
  if (breaker.state !== "closed" || reason === null) return [];
  return [
    {
      do: "escalate",
      title: "The breaker is open: no agent is started",
      body: `${reason.message}. Work is saved. One bead is tried by itself after a while, and all go on when it moves; mend the cause, or close the breaker with: gastown breaker reset`,
      severity: "critical",
      rule: RULE,
      subjectId: null,
      rigId: null,
    },
  ];
}
