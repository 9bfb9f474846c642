/** What stands around the agent of one run: who answers its model calls and its tools. */
import type { ModelCredential } from "../../../protocol/runner-frames.ts";
import type { AgentBehind, AgentDoors } from "../../agents/doors.ts";
import type { AgentSpec } from "../../agents/driver.ts";
import type { ToolAnswer } from "../../agents/mcp.ts";
import { reachOf } from "../../egress/destination.ts";
import type { LiveRun } from "../live-run.ts";
import type { WarmAgent } from "../warm/warm-agent.ts";
import type { Workplace } from "../workplace.ts";
import type { AgentJob, AgentRunSpec } from "./agent-job.ts";
import { agentSpec, ModelEar, modelsOf } from "./agent-spec.ts";
import { admitCall, renewCredential, tellUsage, upstreamOf } from "./model-access.ts";
import type { ModelStanding } from "./model-standing.ts";

/** Of one run; an agent may ask for anything. */
const REFUSALS_TOLD_MAX = 20;

export interface Surroundings {
  /** From now on its tools answer nothing. */
  revoke(): void;
  close(): Promise<void>;
}

type Model = { credential: ModelCredential; standing: ModelStanding };

/** Opens the doors of an agent that is to be started, and says what with. */
export function openSurroundings(
  place: Workplace,
  run: LiveRun<AgentRunSpec>,
  job: AgentJob,
  model: Model,
): Surroundings & { spec: AgentSpec } {
  const ear = new ModelEar();
  const doors = place.openDoors(behindOf(place, run, { job, model, ear }));
  const variables = run.given.variables();
  return {
    ...ofDoors(doors),
    spec: agentSpec(place, run.spec, { job, doors, ear, variables }),
  };
}

/** Puts a run behind the doors of an agent that waited for it. */
export function takeSurroundings(
  place: Workplace,
  run: LiveRun<AgentRunSpec>,
  job: AgentJob,
  { warm, ...model }: Model & { warm: WarmAgent },
): Surroundings {
  warm.begin(behindOf(place, run, { job, model, ear: warm.ear }));
  return ofDoors(warm.doors);
}

function ofDoors(doors: AgentDoors): Surroundings {
  return { revoke: () => doors.revoke(), close: () => doors.close() };
}

function behindOf(
  place: Workplace,
  run: LiveRun<AgentRunSpec>,
  { job, model, ear }: { job: AgentJob; model: Model; ear: ModelEar },
): AgentBehind {
  const { standing } = model;
  const { runId } = run.spec;
  return {
    runId,
    gateway: {
      upstream: upstreamOf(model.credential, place),
      renew: () => renewCredential(place, run),
      models: modelsOf(run.spec.model),
      now: () => place.clock.now(),
      admit: () => admitCall(place, run),
      onUsage: (record) => {
        if (record.complete) standing.answered();
        tellUsage(run, record);
        ear.tell({ usage: record, costUsd: record.costUsd ?? 0 });
      },
      onFailure: (failure) => standing.failed(failure),
    },
    tools: {
      role: job.role,
      call: (tool, args) => (run.signal.aborted ? stoppedAnswer() : job.call(tool, args)),
      onBug: (error, tool) =>
        place.log.error("a tool failed", { runId, tool, error: String(error) }),
    },
    egress: egressOf(run),
  };
}

/** Only a polecat works on a rig; people see in its stream what it was refused, each place once. */
function egressOf(run: LiveRun<AgentRunSpec>): AgentBehind["egress"] {
  const reach = run.spec.kind === "work" ? reachOf(run.spec.rig.egress) : null;
  if (reach === null) return null;
  const told = new Set<string>();
  const onRefused = (destination: string, why: string) => {
    if (told.has(destination) || told.size >= REFUSALS_TOLD_MAX) return;
    told.add(destination);
    run.notice("warning", `The agent asked for ${destination}, and was refused. ${why}`);
  };
  return { reach, onRefused };
}

function stoppedAnswer(): Promise<ToolAnswer> {
  return Promise.resolve({
    ok: false,
    error: {
      code: "stale_fence",
      message: "This run was stopped. Nothing was done.",
      retryable: false,
    },
    next: "End your turn.",
  });
}
