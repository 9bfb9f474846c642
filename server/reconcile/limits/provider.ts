/** What the end of a run says of the model's provider: the same whatever the run was for. */
import { struck, troubleOf, type Lane } from "../../model/provider.ts";
import type { Action } from "../plan.ts";
import type { RunView, Snapshot } from "../snapshot.ts";

/** The Mayor's trouble is everybody's; that of others leaves the Mayor his lane. */
export function providerActions(run: RunView, s: Snapshot): Action[] {
  const trouble = troubleOf(run.outcome, run.reason?.code ?? null);
  if (trouble === null) return [];
  const end = { trouble, reason: run.reason, model: run.model };
  const lanes: Lane[] = run.kind === "session" ? ["agents", "mayor"] : ["agents"];
  return lanes.map((lane) => ({
    do: "set_provider",
    provider: struck(lane, s.providers.get(lane), end, s),
  }));
}
