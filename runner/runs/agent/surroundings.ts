/** What stands around the agent of one run: its sockets, its model gateway, its tool server. */
import { join } from "node:path";
import type { ModelCredential } from "../../../protocol/runner-frames.ts";
import type { AgentSpec } from "../../agents/driver.ts";
import { openGateway } from "../../agents/gateway.ts";
import { openToolServer, type ToolAnswer } from "../../agents/mcp.ts";
import { rolePrompt } from "../../agents/prompts/role-prompt.ts";
import { randomHex } from "../../clock.ts";
import type { LiveRun } from "../live-run.ts";
import type { Workplace } from "../workplace.ts";
import type { AgentJob, AgentRunSpec } from "./agent-job.ts";
import { admitCall, tellUsage } from "./model-access.ts";
import type { ModelStanding } from "./model-standing.ts";

export interface Surroundings {
  /** What the agent is started with. */
  spec: AgentSpec;
  /** From now on its tools answer nothing. */
  revoke(): void;
  close(): Promise<void>;
}

const GATEWAY_PORT_INSIDE = 7001;
const TOOLS_PORT_INSIDE = 7002;
const SECRET_BYTES = 24;

export function openSurroundings(
  place: Workplace,
  run: LiveRun<AgentRunSpec>,
  job: AgentJob,
  model: { credential: ModelCredential; standing: ModelStanding },
): Surroundings {
  const { standing } = model;
  const { runId } = run.spec;
  const names = run.spec.model;
  const socketDir = place.sockets.open();
  const isolated = place.sandbox.mode === "bwrap";
  const listen = (name: string) =>
    isolated ? { unix: join(socketDir, `${name}.sock`) } : { tcp: true as const };
  const gateway = openGateway({
    runId,
    listen: listen("gateway"),
    token: randomHex(place.random, SECRET_BYTES),
    upstream: { baseUrl: model.credential.baseUrl, apiKey: model.credential.apiKey ?? "" },
    models: [...new Set([names.model, names.smallModel])],
    now: () => place.clock.now(),
    admit: () => admitCall(place, run),
    onUsage: (record) => {
      if (record.metered) standing.answered();
      tellUsage(run, record);
    },
    onFailure: (failure) => standing.failed(failure),
  });
  const secret = randomHex(place.random, SECRET_BYTES);
  const tools = openToolServer({
    runId,
    listen: listen("mcp"),
    secret,
    role: job.role,
    call: (tool, args) => (run.signal.aborted ? stoppedAnswer() : job.call(tool, args)),
    onBug: (error, tool) => place.log.error("a tool failed", { runId, tool, error: String(error) }),
  });
  const gatewayInside = {
    name: "gateway",
    address: gateway.address,
    insidePort: GATEWAY_PORT_INSIDE,
  };
  const toolsInside = { name: "mcp", address: tools.address, insidePort: TOOLS_PORT_INSIDE };
  return {
    spec: {
      runId,
      role: job.role,
      prompt: rolePrompt(job.role),
      model: names.model,
      smallModel: names.smallModel,
      cwd: job.cwd,
      home: job.homeDir,
      tmp: job.tmpDir,
      socketDir,
      readOnly: job.readOnly,
      readWrite: job.readWrite,
      hide: place.hide,
      gateway: { reachable: gatewayInside, token: gateway.token },
      tools: { reachable: toolsInside, secret },
    },
    revoke: () => tools.revoke(),
    close: async () => {
      await Promise.all([gateway.close(), tools.close()]);
      place.sockets.close(socketDir);
    },
  };
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
