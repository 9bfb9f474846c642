/** What stands around the agent of one run: who answers its model calls and its tools. */
import type { ModelCredential } from "../../../protocol/runner-frames.ts";
import type { AgentBehind } from "../../agents/doors.ts";
import type { AgentSpec } from "../../agents/driver.ts";
import type { ToolAnswer } from "../../agents/mcp.ts";
import { rolePrompt } from "../../agents/prompts/role-prompt.ts";
import { reachOf } from "../../egress/destination.ts";
import type { LiveRun } from "../live-run.ts";
import type { Workplace } from "../workplace.ts";
import type { AgentJob, AgentRunSpec } from "./agent-job.ts";
import { admitCall, renewCredential, tellUsage, upstreamOf } from "./model-access.ts";
import type { ModelStanding } from "./model-standing.ts";

/** Of one run; an agent may ask for anything. */
const REFUSALS_TOLD_MAX = 20;

export interface Surroundings {
  /** What the agent is started with. */
  spec: AgentSpec;
  /** From now on its tools answer nothing. */
  revoke(): void;
  close(): Promise<void>;
}

export function openSurroundings(
  place: Workplace,
  run: LiveRun<AgentRunSpec>,
  job: AgentJob,
  model: { credential: ModelCredential; standing: ModelStanding },
): Surroundings {
  const { standing } = model;
  const { runId } = run.spec;
  const names = run.spec.model;
  let hearsCall: Parameters<AgentSpec["onModelCall"]>[0] = () => undefined;
  const doors = place.openDoors({
    runId,
    gateway: {
      upstream: upstreamOf(model.credential),
      renew: () => renewCredential(place, run),
      models: [...new Set([names.model, names.smallModel])],
      now: () => place.clock.now(),
      admit: () => admitCall(place, run),
      onUsage: (record) => {
        if (record.complete) standing.answered();
        tellUsage(run, record);
        hearsCall({ usage: record, costUsd: record.costUsd ?? 0 });
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
  });
  return {
    spec: {
      runId,
      role: job.role,
      program: run.spec.program,
      variables: run.given.variables(),
      prompt: rolePrompt(job.role),
      model: names.model,
      smallModel: names.smallModel,
      cwd: job.cwd,
      home: job.homeDir,
      tmp: job.tmpDir,
      socketDir: doors.socketDir,
      readOnly: job.readOnly,
      readWrite: job.readWrite,
      hide: place.hide,
      gateway: doors.gateway,
      tools: doors.tools,
      egress: doors.egress,
      ...(job.resume && { resume: job.resume }),
      onModelCall: (listener) => (hearsCall = listener),
    },
    revoke: () => doors.revoke(),
    close: () => doors.close(),
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
