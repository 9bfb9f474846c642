/** The agent of one run while it lives: prompts, stream, watch, and everything closed with it. */
import { PROGRAM_TITLES } from "../../../protocol/entities/agent-program.ts";
import { refuse } from "../../../protocol/error.ts";
import type { ExitRecord } from "../../../protocol/facts.ts";
import type { ModelCredential } from "../../../protocol/runner-frames.ts";
import type { AgentDriver, AgentEvent } from "../../agents/driver.ts";
import type { Clock } from "../../clock.ts";
import { ending, type Ending, type LiveRun } from "../live-run.ts";
import type { Workplace } from "../workplace.ts";
import type { AgentJob, AgentRunSpec } from "./agent-job.ts";
import { AgentStream } from "./agent-stream.ts";
import { modelCredential } from "./model-access.ts";
import { ModelStanding } from "./model-standing.ts";
import { openSurroundings, takeSurroundings, type Surroundings } from "./surroundings.ts";
import { ToolsInFlight } from "./tools-in-flight.ts";
import { TurnWatch, type Expired } from "./turn-watch.ts";

export type TurnClosed = Extract<AgentEvent, { type: "turn_closed" }>["reason"];

export class AgentHost {
  readonly stream: AgentStream;
  readonly standing: ModelStanding;
  readonly driver: AgentDriver;
  readonly #clock: Clock;
  readonly #run: LiveRun<AgentRunSpec>;
  readonly #surroundings: Surroundings;
  readonly #watch: TurnWatch;
  #turn = Promise.withResolvers<TurnClosed>();
  #expired = Promise.withResolvers<Expired>();
  #toolEnded = Promise.withResolvers<void>();
  #lastError: string | null = null;
  #prompts = 0;
  #turnBegan = false;
  readonly #dismiss: () => Promise<void>;
  #closed = false;

  private constructor(parts: {
    dismiss: () => Promise<void>;
    clock: Clock;
    run: LiveRun<AgentRunSpec>;
    stream: AgentStream;
    standing: ModelStanding;
    driver: AgentDriver;
    surroundings: Surroundings;
  }) {
    this.#clock = parts.clock;
    this.#run = parts.run;
    this.stream = parts.stream;
    this.standing = parts.standing;
    this.driver = parts.driver;
    this.#surroundings = parts.surroundings;
    this.#dismiss = parts.dismiss;
    const { clock, run } = parts;
    const tools = new ToolsInFlight(clock, (what, forMs) => run.busy(what, forMs));
    this.#watch = new TurnWatch(run.spec.limits, { clock, tools }, (what) =>
      this.#expired.resolve(what),
    );
    parts.driver.onEvent((event) => this.#take(event));
    // The model is to blame for the silence then, and is judged by itself.
    parts.standing.onFailure(() => this.#watch.excuse());
  }

  /** Starts the agent. A failure leaves nothing running and is the run's ending. */
  static async open(
    place: Workplace,
    run: LiveRun<AgentRunSpec>,
    job: AgentJob,
  ): Promise<{ ok: true; host: AgentHost } | { ok: false; ending: Ending }> {
    run.enter("starting", job.warm === undefined ? "Starting the agent" : "Its agent was ready");
    const credential = await modelCredential(place, run);
    if (!credential.ok) {
      return { ok: false, ending: startFailed(credential.error.code, credential.error.message) };
    }
    const standing = new ModelStanding(place.clock);
    const around = await surround(place, run, job, { credential: credential.value, standing });
    if (!around.ok) return around;
    const { surroundings, driver } = around;
    const stream = new AgentStream(run, place.clock);
    const { clock, terminals } = place;
    const dismiss = () => terminals.dismiss(run.spec.runId);
    const host = new AgentHost({ clock, run, stream, standing, driver, surroundings, dismiss });
    const started = await host.#start();
    if (started === null) {
      terminals.admit(run.spec.runId, terminalPlace(run, job, driver));
      return { ok: true, host };
    }
    await host.close(0);
    return { ok: false, ending: started };
  }

  /** The last error an agent's turn ended with, for people. */
  get lastError(): string | null {
    return this.#lastError;
  }
  /** Whether the agent has taken up its last prompt. */
  get turnBegan(): boolean {
    return this.#turnBegan;
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
    this.#turnBegan = false;
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

  /** Resolves when the tool call that was just answered is on record, or after `ms`. */
  async toolSettled(ms: number): Promise<void> {
    this.#toolEnded = Promise.withResolvers<void>();
    const callOff = this.#clock.after(ms, () => this.#toolEnded.resolve());
    await Promise.race([this.#toolEnded.promise, this.driver.exited]);
    callOff();
  }

  /** Ends the turn that runs, if one does. Resolves when it has ended, or after `ms`. */
  async endTurn(ms: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    const callOff = this.#clock.after(ms, () => late.resolve());
    void this.driver.interrupt();
    await Promise.race([this.#turn.promise, this.driver.exited, late.promise]);
    callOff();
  }

  /** Ends the agent and all that was opened for it; its tools and gateway are dead first, then terminals in its tree. */
  async close(graceMs: number): Promise<ExitRecord> {
    this.#watch.close();
    this.#surroundings.revoke();
    await this.#dismiss();
    const exit = await this.driver.stop({ graceMs });
    if (!this.#closed) {
      this.#closed = true;
      await this.#surroundings.close();
    }
    return exit;
  }

  async #start(): Promise<Ending | null> {
    const { signal } = this.#run;
    const stopped = startFailed("stopped", "The run was stopped while its agent started.");
    if (signal.aborted) return stopped;
    const abort = () => void this.driver.stop({ graceMs: 0 });
    signal.addEventListener("abort", abort, { once: true });
    try {
      const ready = await this.driver.prepare();
      if (!ready.ok) return startFailed(ready.error.code, ready.error.message);
      const started = await this.driver.start();
      if (!started.ok) return startFailed(started.error.code, started.error.message);
      return signal.aborted ? stopped : null;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #take(event: AgentEvent): void {
    this.stream.take(event);
    if (event.type !== "turn_closed") this.#turnBegan = true;
    switch (event.type) {
      case "tool_start":
        return this.#watch.toolStarted(event.callId, event.tool, event.input);
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

/** The agent that waited for the run, or a new one. */
async function surround(
  place: Workplace,
  run: LiveRun<AgentRunSpec>,
  job: AgentJob,
  model: { credential: ModelCredential; standing: ModelStanding },
): Promise<
  { ok: true; surroundings: Surroundings; driver: AgentDriver } | { ok: false; ending: Ending }
> {
  const { warm } = job;
  if (warm !== undefined) {
    const surroundings = takeSurroundings(place, run, job, { ...model, warm });
    return { ok: true, surroundings, driver: warm.driver };
  }
  const surroundings = openSurroundings(place, run, job, model);
  const driver = place.createDriver(surroundings.spec);
  if (!("missing" in driver)) return { ok: true, surroundings, driver };
  await surroundings.close();
  return { ok: false, ending: startFailed("unsupported", driver.missing) };
}

/** Terminals see what the agent sees, and end with it. */
function terminalPlace(
  run: LiveRun<AgentRunSpec>,
  job: AgentJob,
  driver: AgentDriver,
): Parameters<Workplace["terminals"]["admit"]>[1] {
  const { cwd, tmpDir, readOnly, readWrite } = job;
  const { program } = run.spec;
  return {
    ...{ cwd, tmpDir, readOnly, readWrite },
    fence: run.fence,
    agentScreen: () =>
      driver.screen?.() ??
      refuse(
        "unsupported",
        `${PROGRAM_TITLES[program]} has no screen that can be attached to. Open a shell in its tree: --shell.`,
      ),
  };
}

function startFailed(code: string, message: string): Ending {
  return ending("rejected", code, message, { details: { phase: "start" } });
}
