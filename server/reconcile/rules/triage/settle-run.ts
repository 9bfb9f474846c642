import { troubleOf } from "../../../model/provider.ts";
import { coolDownMs } from "../../../model/triage.ts";
import type { Rule } from "../../context.ts";
import { providerActions, runCounts } from "../../limits/provider.ts";
import type { Action } from "../../plan.ts";
import type { RunView } from "../../snapshot.ts";

/**
 * Its end counts for no bead, no breaker and no ladder. What it left undecided waits for the next run, and triage rests
 * first, longer each time.
 */
export const settleTriage: Rule<RunView> = {
  id: "triage/settle-run",
  why: "the triage run has ended",
  decide(run, { s }) {
    const open = s.triages.filter((each) => each.runId === run.id);
    const counted = isTry(run);
    const { failures, untilAt } = s.triageRest;
    const rest: Action[] = [];
    if (open.length > 0) {
      const now = failures + 1;
      rest.push({ do: "rest_triage", failures: now, untilAt: s.now + coolDownMs(now, s.policy) });
    } else if (run.progressed && (failures > 0 || untilAt !== null))
      rest.push({ do: "rest_triage", failures: 0, untilAt: null });
    return {
      rule: this.id,
      key: run.id,
      expect: [
        { table: "run", id: run.id, state: "ended" },
        ...open.map(({ id }) => ({ table: "triage" as const, id, state: "open" })),
      ],
      actions: [
        { do: "settle_run", runId: run.id },
        ...open.map(({ id }): Action => ({ do: "release_triage", requestId: id, counted })),
        ...rest,
        ...providerActions(run, s),
      ],
    };
  },
};

/** What the provider, a budget or a person ended, or a runner only refused, is no try. */
function isTry(run: RunView): boolean {
  const as = runCounts(run);
  if (troubleOf(run.outcome, run.reason?.code ?? null) !== null) return as === "infra";
  if (run.outcome === "rejected" && as === "infra") return false;
  return as !== "nothing" && as !== "person";
}
