/** What an agent is started with, whether its run is known by then or not. */
import type { Role } from "../../../protocol/run.ts";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import type { AgentDoors } from "../../agents/doors.ts";
import type { AgentSpec } from "../../agents/driver.ts";
import { rolePrompt } from "../../agents/prompts/role-prompt.ts";

/** Its role and its places. */
export interface AgentPlaces {
  role: Role;
  cwd: string;
  homeDir: string;
  tmpDir: string;
  readOnly: readonly string[];
  readWrite: readonly string[];
  /** The conversation that the agent begins with: see `AgentSpec`. */
  resume?: Uint8Array;
}

type ModelCall = Parameters<Parameters<AgentSpec["onModelCall"]>[0]>[0];

/** Passes on to the agent's driver what the gateway has counted. */
export class ModelEar {
  #hear: (call: ModelCall) => void = () => undefined;

  tell(call: ModelCall): void {
    this.#hear(call);
  }

  listen(hear: (call: ModelCall) => void): void {
    this.#hear = hear;
  }
}

/** Every model that a run may call. */
export function modelsOf(names: RunSpecOf<"work">["model"]): string[] {
  return [...new Set([names.model, names.smallModel])];
}

export function agentSpec(
  { hide }: { hide: readonly string[] },
  { runId, program, model }: Pick<RunSpecOf<"work">, "runId" | "program" | "model">,
  given: {
    job: AgentPlaces;
    doors: AgentDoors;
    ear: ModelEar;
    variables: Readonly<Record<string, string>>;
  },
): AgentSpec {
  const { job, doors, ear, variables } = given;
  return {
    ...{ runId, program, variables },
    role: job.role,
    prompt: rolePrompt(job.role),
    model: model.model,
    smallModel: model.smallModel,
    cwd: job.cwd,
    home: job.homeDir,
    tmp: job.tmpDir,
    socketDir: doors.socketDir,
    readOnly: job.readOnly,
    readWrite: job.readWrite,
    hide,
    gateway: doors.gateway,
    tools: doors.tools,
    egress: doors.egress,
    ...(job.resume && { resume: job.resume }),
    onModelCall: (listener) => ear.listen(listener),
  };
}
