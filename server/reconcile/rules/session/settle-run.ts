import type { Rule } from "../../context.ts";
import type { Action } from "../../plan.ts";
import { troubleOf } from "../../../model/provider.ts";
import { providerActions } from "../../limits/provider.ts";
import type { RunView } from "../../snapshot.ts";

/** A turn that its run did not finish is run again by the next one, with the journal of its effects. */
export const settleSessionRun: Rule<RunView> = {
  id: "session/settle-run",
  why: "the Mayor's run has ended",
  decide(run, { s }) {
    const open = s.turns.filter((turn) => turn.state === "running" && turn.runId === run.id);
    const why = run.reason?.message ?? `the run ended as ${run.outcome ?? "lost"}`;
    // A runner that was leaving said so at once, and the provider's trouble is nobody's try.
    const trouble = troubleOf(run.outcome, run.reason?.code ?? null);
    const leaving =
      run.outcome === "evicted" || (run.outcome === "rejected" && run.reason?.code === "draining");
    const counted = trouble === null && !leaving;
    const actions: Action[] = open.map((turn) =>
      (counted && turn.tries >= s.policy.turnTriesMax) || run.outcome === "stopped_by_person"
        ? { do: "fail_turn", turnId: turn.id, text: `The Mayor could not answer: ${why}.` }
        : {
            do: "turn_again",
            turnId: turn.id,
            counted,
            text: `Run again by the next Mayor: ${why}.`,
          },
    );
    return {
      rule: this.id,
      key: run.id,
      expect: [
        { table: "run", id: run.id, state: "ended" },
        ...open.map((turn) => ({ table: "turn" as const, id: turn.id, state: "running" })),
      ],
      actions: [{ do: "settle_run", runId: run.id }, ...actions, ...providerActions(run, s)],
    };
  },
};
