/** What an agent is started with, whether its run is known by then or not. */
import type { Role } from "../../../protocol/run.ts";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import type { AgentDoors } from "../../agents/doors.ts";
import type { AgentSpec, RigServer } from "../../agents/driver.ts";
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

/** Begins the names of what a rig's people add: neither the town nor an agent has a tool of that name. */
const RIG_SERVER = "rig-";

/** The servers that a rig's people want beside the agents of a role. */
function serversOf(spec: Partial<Pick<RunSpecOf<"work">, "rig">>, role: Role): RigServer[] {
  if (role !== "polecat" && role !== "refinery") return [];
  const lines = spec.rig?.environment.toolServers[role] ?? {};
  return Object.entries(lines).map(([name, line]) => ({ name: RIG_SERVER + name, line }));
}

export function agentSpec(
  { hide }: { hide: readonly string[] },
  spec: Pick<RunSpecOf<"work">, "runId" | "program" | "model"> &
    Partial<Pick<RunSpecOf<"work">, "rig">>,
  given: {
    job: AgentPlaces;
    doors: AgentDoors;
    ear: ModelEar;
    variables: Readonly<Record<string, string>>;
  },
): AgentSpec {
  const { job, doors, ear, variables } = given;
  const { runId, program, model } = spec;
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
    servers: serversOf(spec, job.role),
    egress: doors.egress,
    ...(job.resume && { resume: job.resume }),
    onModelCall: (listener) => ear.listen(listener),
  };
}
