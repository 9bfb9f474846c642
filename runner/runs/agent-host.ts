/** The agent of one run with everything around it: sockets, model gateway, tool server, driver, stream and watch. */
import { join } from "node:path";
import type { ExitRecord } from "../../protocol/facts.ts";
import type { Role } from "../../protocol/run.ts";
import type { RunSpecOf } from "../../protocol/run-spec.ts";
import { openGateway, type ModelGateway } from "../agents/gateway.ts";
import { openToolServer, type ToolAnswer, type ToolServer } from "../agents/mcp.ts";
import { rolePrompt } from "../agents/prompts/role-prompt.ts";
import type { AgentDriver, AgentEvent, AgentSpec } from "../agents/driver.ts";
import { randomHex } from "../clock.ts";
import type { Reachable } from "../sandbox/sandbox-spec.ts";
import { AgentStream } from "./agent-stream.ts";
import { ending, type Ending, type LiveRun } from "./live-run.ts";
import { admitCall, modelCredential, tellUsage } from "./model-access.ts";
import { ModelStanding } from "./model-standing.ts";
import { TurnWatch, type Expired } from "./turn-watch.ts";
import type { Workplace } from "./workplace.ts";

export type AgentRunSpec = RunSpecOf<"work"> | RunSpecOf<"review"> | RunSpecOf<"session">;

/** What an agent gets of one run. */
export interface AgentJob {
  role: Role;
  cwd: string;
  homeDir: string;
  tmpDir: string;
  readOnly: readonly string[];
  readWrite: readonly string[];
  call(tool: string, args: Record<string, unknown>): Promise<ToolAnswer>;
}

export type TurnClosed = Extract<AgentEvent, { type: "turn_closed" }>["reason"];

const GATEWAY_PORT_INSIDE = 7001;
const TOOLS_PORT_INSIDE = 7002;
const SECRET_BYTES = 24;

export class AgentHost {
  readonly stream: AgentStream;
  readonly standing: ModelStanding;
  readonly driver: AgentDriver;
  readonly #place: Workplace;
  readonly #run: LiveRun<AgentRunSpec>;
  readonly #socketDir: string;
  readonly #gateway: ModelGateway;
  readonly #tools: ToolServer;
  readonly #watch: TurnWatch;
  #turn = Promise.withResolvers<TurnClosed>();
  #expired = Promise.withResolvers<Expired>();
  #toolEnded = Promise.withResolvers<void>();
  #lastError: string | null = null;
  #prompts = 0;
  #closed = false;

  private constructor(parts: {
    place: Workplace;
    run: LiveRun<AgentRunSpec>;
    stream: AgentStream;
    standing: ModelStanding;
    driver: AgentDriver;
    socketDir: string;
    gateway: ModelGateway;
    tools: ToolServer;
  }) {
    this.#place = parts.place;
    this.#run = parts.run;
    this.stream = parts.stream;
    this.standing = parts.standing;
    this.driver = parts.driver;
    this.#socketDir = parts.socketDir;
    this.#gateway = parts.gateway;
    this.#tools = parts.tools;
    this.#watch = new TurnWatch(parts.run.spec.limits, (what) => this.#expired.resolve(what));
    parts.driver.onEvent((event) => this.#take(event));
  }

  /** Starts the agent. A failure leaves nothing running and is the run's ending. */
  static async open(
    place: Workplace,
    run: LiveRun<AgentRunSpec>,
    job: AgentJob,
  ): Promise<{ ok: true; host: AgentHost } | { ok: false; ending: Ending }> {
    run.enter("starting", "Starting the agent");
    const { runId } = run.spec;
    const credential = await modelCredential(place, run);
    if (!credential.ok)
      return { ok: false, ending: startFailed(credential.error.code, credential.error.message) };
    const { baseUrl, apiKey } = credential.value;
    const socketDir = place.sockets.open();
    const standing = new ModelStanding(place.clock);
    const isolated = place.sandbox.mode === "bwrap";
    const listen = (name: string) =>
      isolated ? { unix: join(socketDir, `${name}.sock`) } : { tcp: true as const };
    const model = run.spec.model;
    const gateway = openGateway({
      runId,
      listen: listen("gateway"),
      token: randomHex(place.random, SECRET_BYTES),
      upstream: { baseUrl, apiKey: apiKey ?? "" },
      models: [...new Set([model.model, model.smallModel])],
      now: () => place.clock.now(),
      admit: () => admitCall(place, run),
      onUsage: (record) => {
        if (record.metered) standing.answered();
        tellUsage(run, record);
      },
      onFailure: (failure) => {
        standing.failed(failure);
        host?.excuseSilence();
      },
    });
    const secret = randomHex(place.random, SECRET_BYTES);
    const tools = openToolServer({
      runId,
      listen: listen("mcp"),
      secret,
      role: job.role,
      call: (tool, args) => (run.signal.aborted ? stoppedAnswer() : job.call(tool, args)),
      onBug: (error, tool) =>
        place.log.error("a tool failed", { runId, tool, error: String(error) }),
    });
    const spec = agentSpec(place, run, job, {
      socketDir,
      gateway: {
        reachable: { name: "gateway", address: gateway.address, insidePort: GATEWAY_PORT_INSIDE },
        token: gateway.token,
      },
      tools: {
        reachable: { name: "mcp", address: tools.address, insidePort: TOOLS_PORT_INSIDE },
        secret,
      },
    });
    let host: AgentHost | null = null;
    const driver = place.createDriver(spec);
    const surroundings = {
      close: () =>
        Promise.all([gateway.close(), tools.close()]).then(() => place.sockets.close(socketDir)),
    };
    if ("missing" in driver) {
      await surroundings.close();
      return { ok: false, ending: startFailed("unsupported", driver.missing) };
    }
    host = new AgentHost({
      place,
      run,
      stream: new AgentStream(run, place.clock),
      standing,
      driver,
      socketDir,
      gateway,
      tools,
    });
    const started = await host.#start();
    if (started === null) return { ok: true, host };
    await host.close(0);
    return { ok: false, ending: started };
  }

  /** The last error an agent's turn ended with, for people. */
  get lastError(): string | null {
    return this.#lastError;
  }
  /** Resolves when the turn that runs has ended. */
  get turnClosed(): Promise<TurnClosed> {
    return this.#turn.promise;
  }
  /** Resolves when a deadline of the turn that runs is over. */
  get expired(): Promise<Expired> {
    return this.#expired.promise;
  }

  /** Hands a turn over. `shown` is how the stream tells it, and whose words these are. */
  async prompt(
    text: string,
    shown: { from: "person" | "machine"; text: string },
  ): Promise<{ ok: true } | { ok: false; message: string }> {
    this.#turn = Promise.withResolvers<TurnClosed>();
    this.#expired = Promise.withResolvers<Expired>();
    this.#lastError = null;
    this.stream.prompt(shown.from, shown.text);
    this.#watch.open();
    const sent = await this.driver.prompt({
      text,
      messageId: `${this.#run.spec.runId}-${++this.#prompts}`,
    });
    if (sent.ok) return { ok: true };
    this.#watch.close();
    return { ok: false, message: sent.error.message };
  }

  /** The model is to blame for the silence, and is judged by itself. */
  excuseSilence(): void {
    this.#watch.excuse();
  }

  /** Resolves when the tool call that was just answered is on record, or after `ms`. */
  async toolSettled(ms: number): Promise<void> {
    this.#toolEnded = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.#toolEnded.resolve(), ms);
    await Promise.race([this.#toolEnded.promise, this.driver.exited]);
    clearTimeout(timer);
  }

  /** Ends the agent and all that was opened for it; its tools and gateway are dead first. */
  async close(graceMs: number): Promise<ExitRecord> {
    this.#watch.close();
    this.#tools.revoke();
    const exit = await this.driver.stop({ graceMs });
    if (!this.#closed) {
      this.#closed = true;
      await Promise.all([this.#gateway.close(), this.#tools.close()]);
      this.#place.sockets.close(this.#socketDir);
    }
    return exit;
  }

  async #start(): Promise<Ending | null> {
    const { signal } = this.#run;
    const abort = () => void this.driver.stop({ graceMs: 0 });
    signal.addEventListener("abort", abort, { once: true });
    try {
      const ready = await this.driver.prepare();
      if (!ready.ok) return startFailed(ready.error.code, ready.error.message);
      const started = await this.driver.start();
      if (!started.ok) return startFailed(started.error.code, started.error.message);
      return signal.aborted
        ? startFailed("stopped", "The run was stopped while its agent started.")
        : null;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #take(event: AgentEvent): void {
    this.stream.take(event);
    switch (event.type) {
      case "tool_start":
        return this.#watch.toolStarted(event.callId);
      case "tool_end":
        this.#toolEnded.resolve();
        return this.#watch.toolEnded(event.callId);
      case "text_delta":
      case "text":
      case "reasoning":
      case "step":
        return this.#watch.sign();
      case "retrying":
      case "offline":
        return this.#watch.excuse();
      case "error":
        this.#lastError = event.message;
        return;
      case "turn_closed":
        this.#watch.close();
        return this.#turn.resolve(event.reason);
      default:
        return;
    }
  }
}

function agentSpec(
  place: Workplace,
  run: LiveRun<AgentRunSpec>,
  job: AgentJob,
  more: {
    socketDir: string;
    gateway: { reachable: Reachable; token: string };
    tools: { reachable: Reachable; secret: string };
  },
): AgentSpec {
  const { model, smallModel } = run.spec.model;
  return {
    runId: run.spec.runId,
    role: job.role,
    prompt: rolePrompt(job.role),
    model,
    smallModel,
    cwd: job.cwd,
    home: job.homeDir,
    tmp: job.tmpDir,
    readOnly: job.readOnly,
    readWrite: job.readWrite,
    hide: place.hide,
    ...more,
  };
}

function startFailed(code: string, message: string): Ending {
  return ending("rejected", code, message, { details: { phase: "start" } });
}

async function stoppedAnswer(): Promise<ToolAnswer> {
  return {
    ok: false,
    error: {
      code: "stale_fence",
      message: "This run was stopped. Nothing was done.",
      retryable: false,
    },
    next: "End your turn.",
  };
}
