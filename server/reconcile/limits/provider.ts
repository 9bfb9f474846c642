/** What the end of a run says of the model's provider: the same whatever the run was for. */
import { countsAs, type CountsAs } from "../../model/outcomes.ts";
import { struck, troubleOf, type Lane, type Trouble } from "../../model/provider.ts";
import type { Action } from "../plan.ts";
import type { RunView, Snapshot } from "../snapshot.ts";

/** The Mayor's trouble is everybody's; that of others leaves the Mayor his lane. */
export function providerActions(run: RunView, s: Snapshot): Action[] {
  const told = troubleOf(run.outcome, run.reason?.code ?? null);
  const end = told === null ? null : endOf(run, told);
  if (end === null) return [];
  const lanes: Lane[] = run.kind === "session" ? ["agents", "mayor"] : ["agents"];
  return lanes.map((lane) => ({
    do: "set_provider",
    provider: struck(lane, s.providers.get(lane), end, s),
  }));
}

/** What the end of the run counts as for what it was for. */
export function runCounts(run: RunView): CountsAs {
  const { outcome, progressed, reason } = run;
  const told = troubleOf(outcome, reason?.code ?? null);
  // Trouble that nobody here has seen is its runner's own.
  if (told !== null && endOf(run, told) === null) return "infra";
  return countsAs(outcome ?? "lost", progressed, reason?.code ?? null);
}

/**
 * A runner that may not have the model's key cannot say what ails its provider: the word of one would hold up all. Of its
 * runs what the town saw on their way counts, and nothing where it saw nothing.
 */
function endOf(run: RunView, told: Trouble): Parameters<typeof struck>[2] | null {
  const { model, reason, relayTrouble: seen } = run;
  if (!run.relayed) return { trouble: told, reason, model };
  if (seen === null) return null;
  const asked = seen.retryAfterMs === null ? {} : { retryAfterMs: seen.retryAfterMs };
  return { trouble: seen.trouble, reason: reason && { ...reason, details: asked }, model };
}
