/** The run of a triage agent: no repository, no tree. */
import { TRIAGE_RESOURCE } from "../../model/triage.ts";
import { programOf } from "../../model/agents/program.ts";
import type { Context } from "../context.ts";
import { limits, model } from "../offers.ts";
import type { OfferRequest } from "../plan.ts";
import type { RunnerView } from "../snapshot.ts";

/** What the town knows of its requests is added by the store, which has it. */
export function offerTriage(runner: RunnerView, { s }: Context): OfferRequest {
  return {
    ...{ beadId: null, reviewId: null, rigId: null, sessionId: null, round: 1 },
    kind: "triage",
    resource: TRIAGE_RESOURCE,
    runnerId: runner.id,
    role: "triage",
    model: s.models.triage,
    spec: ({ runId, fence, agent }) => ({
      kind: "triage",
      runId,
      fence,
      resource: TRIAGE_RESOURCE,
      limits: limits(s, null, "triageWallMs"),
      agent: { ...agent, role: "triage" },
      model: model(s, "triage"),
      program: programOf(s, null, "triage"),
      requests: [],
    }),
  };
}
