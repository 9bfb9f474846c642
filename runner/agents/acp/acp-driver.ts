/** The agent driver for any program that speaks the Agent Client Protocol: one process per run, in the run's sandbox. */
import { refuse, type Result } from "../../../protocol/error.ts";
import { describeExit, NEVER_RAN, type ExitRecord } from "../../process/exit-record.ts";
import type { ManagedProcess } from "../../process/process.ts";
import { sendLine } from "../../sandbox/sandbox.ts";
import { portInside } from "../../sandbox/sandbox-spec.ts";
import { addUsage, NO_USAGE } from "../agent-usage.ts";
import { checkPlaces, saidBy } from "../driver-parts.ts";
import type { AgentDriver, AgentEvent, AgentPrompt, AgentSpec, AgentUsage } from "../driver.ts";
import { residentBytesOf } from "../resident-bytes.ts";
import { TOOL_SERVER_NAME, toolNameForModel, toolsOf } from "../tools.ts";
import { within } from "../within.ts";
import { connectAcp, type AcpConnection } from "./acp-connection.ts";
import { mapAcpError, mapStopReason } from "./acp-errors.ts";
import { AcpEventMapper } from "./acp-events.ts";
import { answerPermission } from "./acp-permission.ts";
import { startAcpProcess, type AcpStart } from "./acp-process.ts";
import type { AcpPermission } from "./acp-wire.ts";

export type AcpDriverOptions = AcpStart & {
  startTimeoutMs: number;
  now: () => number;
};

/** An agent that has a session asks for the town's tools within this time, or has not taken them. */
const TOOLS_MS_MAX = 20_000;
/** A turn that was just handed over may not be one yet, and then cannot be ended. */
const CANCEL_AGAIN_MS = 500;
const GIVE_UP_GRACE_MS = 1_000;

type Live = { process: ManagedProcess; connection: AcpConnection };

export class AcpDriver implements AgentDriver {
  readonly exited: Promise<ExitRecord>;
  readonly #spec: AgentSpec;
  readonly #options: AcpDriverOptions;
  readonly #exit = Promise.withResolvers<ExitRecord>();
  readonly #stopping = Promise.withResolvers<"stopped">();
  readonly #mapper = new AcpEventMapper();
  readonly #sent = new Set<string>();
  readonly #waiting: string[] = [];
  #usage = NO_USAGE;
  #listener: ((event: AgentEvent) => void) | null = null;
  #starting: Promise<Result<{ pid: number; startedMs: number }>> | null = null;
  readonly #calledOff = new AbortController();
  #process: ManagedProcess | null = null;
  #live: Live | null = null;
  #turnRuns = false;
  #toolsListed = false;
  #cancelling: Timer | null = null;

  constructor(spec: AgentSpec, options: AcpDriverOptions) {
    this.#spec = spec;
    this.#options = options;
    this.exited = this.#exit.promise;
  }

  prepare(): Promise<Result<void>> {
    return Promise.resolve(checkPlaces(this.#options.found.path, this.#spec));
  }

  start(): Promise<Result<{ pid: number; startedMs: number }>> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  toolsRegistered(): Promise<Result<string[]>> {
    if (this.#live === null) return Promise.resolve(notRunning());
    if (!this.#toolsListed) return Promise.resolve(noTools());
    const names = toolsOf(this.#spec.role).map(({ name }) => toolNameForModel(name));
    return Promise.resolve({ ok: true, value: names });
  }

  prompt({ text, messageId }: AgentPrompt): Promise<Result<void>> {
    if (this.#live === null) return Promise.resolve(notRunning());
    if (!this.#sent.has(messageId)) {
      this.#sent.add(messageId);
      this.#waiting.push(text);
      void this.#takeTurns(this.#live.connection);
    }
    return Promise.resolve({ ok: true, value: undefined });
  }

  interrupt(): Promise<Result<void>> {
    const live = this.#live;
    if (live === null) return Promise.resolve(notRunning());
    if (this.#turnRuns && this.#cancelling === null) {
      live.connection.cancel();
      this.#cancelling = setInterval(() => live.connection.cancel(), CANCEL_AGAIN_MS);
    }
    return Promise.resolve({ ok: true, value: undefined });
  }

  onEvent(listener: (event: AgentEvent) => void): void {
    this.#listener = listener;
  }

  usage(): AgentUsage {
    return { ...this.#usage };
  }

  async residentBytes(): Promise<number | null> {
    const child = this.#process;
    return child === null || child.hasExited ? null : residentBytesOf(child.pid);
  }

  async stop({ graceMs }: { graceMs: number }): Promise<ExitRecord> {
    this.#calledOff.abort();
    this.#stopping.resolve("stopped");
    await this.#starting;
    return this.#end(graceMs);
  }

  async #start(): Promise<Result<{ pid: number; startedMs: number }>> {
    const begunAt = this.#options.now();
    let receive = (_line: string): void => undefined;
    const started = await startAcpProcess(
      this.#spec,
      { ...this.#options, signal: this.#calledOff.signal },
      (line) => receive(line),
    );
    if (!started.ok) {
      this.#exit.resolve(NEVER_RAN);
      return started;
    }
    const child = started.value;
    this.#process = child;
    void child.exited.then((exit) => this.#ended(exit));
    const connection = await connectAcp({
      send: (line) => sendLine(child, line),
      onUpdate: (update) => this.#tell(this.#mapper.map(update, this.#options.now())),
      onPermission: (asked) => this.#permit(asked),
    });
    receive = (line) => connection.receive(line);
    const opened = await this.#open({ process: child, connection }, begunAt);
    if (!opened.ok) {
      connection.close();
      await this.#end(GIVE_UP_GRACE_MS);
      return opened;
    }
    return { ok: true, value: { pid: child.pid, startedMs: this.#options.now() - begunAt } };
  }

  /** Until the agent can take a prompt, or cannot. */
  async #open(live: Live, begunAt: number): Promise<Result<void>> {
    const { title } = this.#options.program;
    const wait = <T>(step: Promise<T>, msMax = Number.POSITIVE_INFINITY) => {
      const leftMs = begunAt + this.#options.startTimeoutMs - this.#options.now();
      const others = [this.#stopping.promise, live.process.exited.then(() => "exited" as const)];
      return within(Promise.race([step, ...others]), Math.max(0, Math.min(leftMs, msMax)));
    };
    const session = await wait(this.#openSession(live.connection));
    if (session === "late")
      return refuse(
        "deadline",
        `${title} did not open its session in time. ${saidBy(live.process)}`,
        {
          retryable: true,
        },
      );
    if (typeof session !== "string" && !session.ok) {
      const { code, message, retryable } = session.error;
      return refuse(code, `${title} cannot be used. ${message}`, { retryable });
    }
    // An agent without the town's tools can only waste money: it is a failed start.
    const listed =
      session === "exited" || session === "stopped"
        ? session
        : await wait(
            this.#spec.tools.listed.then(() => "listed" as const),
            TOOLS_MS_MAX,
          );
    if (listed === "stopped" || this.#calledOff.signal.aborted) return notRunning();
    if (listed === "exited")
      return refuse(
        "internal",
        `${title} ${describeExit(await live.process.exited)} before it was ready. ${saidBy(live.process)}`,
        { retryable: true },
      );
    if (listed === "late") return noTools();
    this.#toolsListed = true;
    this.#live = live;
    this.#spec.onModelCall((call) => {
      this.#usage = addUsage(this.#usage, call);
      this.#tell([{ type: "step", ...call }]);
    });
    return { ok: true, value: undefined };
  }

  async #openSession(connection: AcpConnection): Promise<Result<void>> {
    const greeted = await connection.greet();
    if (!greeted.ok) return greeted;
    const { cwd, prompt, tools, servers } = this.#spec;
    const port = portInside(this.#options.sandbox.mode, tools.reachable);
    return connection.openSession({
      ...{ cwd, prompt, servers },
      meta: this.#options.program.sessionMeta?.(this.#spec) ?? null,
      tools: {
        name: TOOL_SERVER_NAME,
        url: `http://127.0.0.1:${port}/mcp`,
        authorization: `Bearer ${tools.secret}`,
      },
    });
  }

  #end(graceMs: number): Promise<ExitRecord> {
    if (this.#process !== null) return this.#process.stop({ graceMs });
    this.#exit.resolve(NEVER_RAN);
    return this.exited;
  }

  #ended(exit: ExitRecord): void {
    const live = this.#live;
    this.#live = null;
    this.#waiting.length = 0;
    this.#callOffCancel();
    live?.connection.close();
    this.#exit.resolve(exit);
  }

  /** One turn after the other: what comes meanwhile waits. */
  async #takeTurns(connection: AcpConnection): Promise<void> {
    if (this.#turnRuns) return;
    this.#turnRuns = true;
    for (let text = this.#waiting.shift(); text !== undefined; text = this.#waiting.shift()) {
      this.#tell([{ type: "turn_opened" }]);
      const end = await connection.prompt(text);
      const wasCancelled = this.#cancelling !== null;
      this.#callOffCancel();
      // The exit tells of an agent that has gone in its turn.
      if (this.#live === null) break;
      this.#tell(this.#mapper.endTurn(this.#options.now()));
      this.#tell(turnEnd(end, wasCancelled));
    }
    this.#turnRuns = false;
  }

  #callOffCancel(): void {
    if (this.#cancelling !== null) clearInterval(this.#cancelling);
    this.#cancelling = null;
  }

  /** Nobody sits at this agent: it may do what its role has. */
  #permit(asked: AcpPermission) {
    const { allowed, outcome } = answerPermission(this.#spec, asked);
    const { title, kind } = asked.toolCall;
    if (!allowed)
      this.#tell([{ type: "refused", what: (title ?? kind ?? "a tool").slice(0, 200) }]);
    return outcome;
  }

  #tell(events: readonly AgentEvent[]): void {
    for (const event of events) this.#listener?.(event);
  }
}

/** An agent may call it an error that its turn was ended by us. */
function turnEnd(
  end: Awaited<ReturnType<AcpConnection["prompt"]>>,
  wasCancelled: boolean,
): AgentEvent[] {
  if (end.ok) {
    const { reason, error } = mapStopReason(end.stopReason);
    return [...(error === null ? [] : [error]), { type: "turn_closed", reason }];
  }
  if (wasCancelled) return [{ type: "turn_closed", reason: "interrupted" }];
  return [mapAcpError(end.error), { type: "turn_closed", reason: "error" }];
}

function noTools(): Result<never> {
  return refuse("internal", "The agent has not registered the town's tools.", { retryable: true });
}

function notRunning(): Result<never> {
  return refuse("offline", "The agent is not running.");
}
