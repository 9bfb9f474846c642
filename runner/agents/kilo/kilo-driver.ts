/** The agent driver for kilo: one `kilo serve` per run, in the run's sandbox. */
import { refuse, type Result } from "../../../protocol/error.ts";
import { describeExit, NEVER_RAN, type ExitRecord } from "../../process/exit-record.ts";
import type { PtyProgram } from "../../pty/pty.ts";
import type { Log } from "../../log.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { checkPlaces, saidBy } from "../driver-parts.ts";
import type { AgentDriver, AgentEvent, AgentPrompt, AgentSpec, AgentUsage } from "../driver.ts";
import { addUsage, NO_USAGE } from "../agent-usage.ts";
import { residentBytesOf } from "../resident-bytes.ts";
import { TOOL_SERVER_NAME, toolNameForModel, toolsOf } from "../tools.ts";
import { within } from "../within.ts";
import { KiloClient } from "./kilo-client.ts";
import { KiloEventMapper, type KiloRequest } from "./kilo-events.ts";
import { startKiloServer, type KiloServer } from "./kilo-server.ts";
import { kiloScreen } from "./kilo-screen.ts";
import { packStore, resumeSession, unpackStore, type Kept } from "./kilo-store.ts";
import type { KiloMessages } from "./kilo-wire.ts";
import { kiloMessageId } from "./message-id.ts";

export type KiloDriverOptions = {
  sandbox: Sandbox;
  /** `markOwner(dataDir)`. */
  owner: string;
  /** kilo's native program, from `findKilo`. */
  binary: string;
  /** A fresh random password per run. */
  password: string;
  startTimeoutMs: number;
  /** From "no network" to the next try, while the model cannot be reached. */
  networkRetryMs: number;
  now: () => number;
  random: () => number;
  log: Log;
};

const TOOLS_POLL_MS = 100;
const RECONNECT_MS = 200;
const RECONNECTS_MAX = 50;
const GIVE_UP_GRACE_MS = 1_000;
/** A first turn on a busy host. */
const REHEARSAL_MS_MAX = 30_000;
const WHY_CHARS_MAX = 500;
const NOT_YOURS = "This role does not have that. Go on with the tools you have.";

export class KiloDriver implements AgentDriver {
  readonly exited: Promise<ExitRecord>;
  readonly #spec: AgentSpec;
  readonly #options: KiloDriverOptions;
  readonly #exit = Promise.withResolvers<ExitRecord>();
  readonly #stopping = new AbortController();
  /** Somebody wants it to end; `#stopping` also says that it has ended by itself. */
  #isStopping = false;
  readonly #sent = new Map<string, Promise<Result<void>>>();
  #usage = NO_USAGE;
  #listener: ((event: AgentEvent) => void) | null = null;
  #starting: Promise<Result<{ pid: number; startedMs: number }>> | null = null;
  #live: {
    server: KiloServer;
    client: KiloClient;
    sessionId: string;
    mapper: KiloEventMapper;
  } | null = null;
  #server: KiloServer | null = null;
  /** The conversation that it begins with. */
  #kept: Kept | null = null;
  #messages = 0;

  constructor(spec: AgentSpec, options: KiloDriverOptions) {
    this.#spec = spec;
    this.#options = options;
    this.exited = this.#exit.promise;
  }

  prepare(): Promise<Result<void>> {
    return Promise.resolve(checkPlaces(this.#options.binary, this.#spec));
  }

  start(): Promise<Result<{ pid: number; startedMs: number }>> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async toolsRegistered(): Promise<Result<string[]>> {
    if (this.#live === null) return notRunning();
    return registeredTools(this.#live.client, this.#spec);
  }

  async rehearse(refused: Promise<void>): Promise<Result<void>> {
    if (this.#live === null) return notRunning();
    const { client } = this.#live;
    const made = await client.createSession("Rehearsal");
    if (!made.ok) return made;
    const sessionId = made.value.id;
    const { role: agent, model } = this.#spec;
    const turn = { sessionId, kiloMessageId: this.#newMessageId(), agent, model, text: "." };
    const sent = await client.prompt(turn);
    const asked = await within(Promise.race([refused, this.exited]), REHEARSAL_MS_MAX);
    await client.abort(sessionId);
    const gone = await client.deleteSession(sessionId);
    if (asked === "late")
      return refuse("deadline", "The agent does not call its model.", { retryable: true });
    const failed = [sent, gone].find((answer) => !answer.ok);
    return failed?.ok === false ? failed : { ok: true, value: undefined };
  }

  prompt(prompt: AgentPrompt): Promise<Result<void>> {
    const known = this.#sent.get(prompt.messageId);
    if (known !== undefined) return known;
    const sending = this.#send(prompt.text);
    this.#sent.set(prompt.messageId, sending);
    return sending;
  }

  async interrupt(): Promise<Result<void>> {
    if (this.#live === null) return notRunning();
    const aborted = await this.#live.client.abort(this.#live.sessionId);
    return aborted.ok ? { ok: true, value: undefined } : aborted;
  }

  onEvent(listener: (event: AgentEvent) => void): void {
    this.#listener = listener;
  }

  screen(): Result<PtyProgram> {
    if (this.#live === null) return notRunning();
    const { server, sessionId } = this.#live;
    const { password, binary, sandbox } = this.#options;
    return {
      ok: true,
      value: kiloScreen(this.#spec, { mode: sandbox.mode, binary, password, server, sessionId }),
    };
  }

  usage(): AgentUsage {
    return { ...this.#usage };
  }

  async snapshot(): Promise<Result<Uint8Array>> {
    return this.#live === null ? notRunning() : packStore(this.#options, this.#spec);
  }

  async residentBytes(): Promise<number | null> {
    const server = this.#server;
    return server === null || server.process.hasExited ? null : residentBytesOf(server.process.pid);
  }

  async stop({ graceMs }: { graceMs: number }): Promise<ExitRecord> {
    this.#isStopping = true;
    this.#stopping.abort();
    await this.#starting;
    return this.#end(graceMs);
  }

  async #start(): Promise<Result<{ pid: number; startedMs: number }>> {
    const begunAt = this.#options.now();
    const { resume } = this.#spec;
    if (resume !== undefined) {
      const unpacked = await unpackStore(this.#options, this.#spec, resume);
      if (!unpacked.ok) {
        this.#exit.resolve(NEVER_RAN);
        return unpacked;
      }
      this.#kept = unpacked.value;
    }
    const started = await startKiloServer(this.#spec, {
      ...this.#options,
      signal: this.#stopping.signal,
    });
    if (!started.ok) {
      this.#exit.resolve(NEVER_RAN);
      return started;
    }
    this.#server = started.value;
    void started.value.process.exited.then((exit) => this.#ended(exit));
    const opened = await this.#open(started.value, begunAt + this.#options.startTimeoutMs);
    if (!opened.ok) {
      const { process } = started.value;
      const ended = process.hasExited && !this.#isStopping;
      const exit = await this.#end(GIVE_UP_GRACE_MS);
      if (!ended) return opened;
      const how = `${describeExit(exit)} while it started. ${saidBy(process)}`;
      return refuse("internal", `kilo ${how}`.trim(), { retryable: true });
    }
    return {
      ok: true,
      value: { pid: started.value.process.pid, startedMs: this.#options.now() - begunAt },
    };
  }

  #end(graceMs: number): Promise<ExitRecord> {
    if (this.#server !== null) return this.#server.process.stop({ graceMs });
    this.#exit.resolve(NEVER_RAN);
    return this.exited;
  }

  #ended(exit: ExitRecord): void {
    this.#stopping.abort();
    this.#live = null;
    this.#exit.resolve(exit);
  }

  async #open(server: KiloServer, deadlineAt: number): Promise<Result<void>> {
    const client = new KiloClient({
      address: server.address,
      password: this.#options.password,
      directory: this.#spec.cwd,
    });
    const tools = await this.#awaitTools(client, deadlineAt);
    if (!tools.ok) return tools;
    await this.#tellFailedServers(client);
    const session = await this.#session(client);
    if (!session.ok) return session;
    const { sessionId, seen } = session.value;
    const mapper = new KiloEventMapper(sessionId);
    mapper.resumed(seen);
    this.#live = { server, client, sessionId, mapper };
    const opened = Promise.withResolvers<void>();
    const following = this.#follow(client, mapper, sessionId, opened.resolve);
    // Nothing is sent to an agent that cannot be heard.
    const first = await within(
      Promise.race([opened.promise, following]),
      Math.max(0, deadlineAt - this.#options.now()),
    );
    if (first === "late")
      return refuse("deadline", "The agent does not give its stream of events.", {
        retryable: true,
      });
    return this.#stopping.signal.aborted ? notRunning() : { ok: true, value: undefined };
  }

  async #session(client: KiloClient): Promise<Result<{ sessionId: string; seen: KiloMessages }>> {
    if (this.#kept !== null) return resumeSession(client, this.#kept, this.#options.now());
    const made = await client.createSession(`Run ${this.#spec.runId}`);
    return made.ok ? { ok: true, value: { sessionId: made.value.id, seen: [] } } : made;
  }

  /** They are known when the town's is: all are begun together. */
  async #tellFailedServers(client: KiloClient): Promise<void> {
    if (this.#spec.servers.length === 0) return;
    const seen = await client.toolServers();
    for (const { name } of this.#spec.servers) {
      const server = seen.ok ? seen.value[name] : undefined;
      if (server?.status === "connected") continue;
      const why = server?.error ?? server?.status ?? "it does not say why";
      this.#emit({ type: "server_failed", name, why: why.slice(0, WHY_CHARS_MAX) });
    }
  }

  #newMessageId(): string {
    return kiloMessageId(this.#options.now(), this.#messages++, this.#options.random);
  }

  /** An agent without the town's tools can only waste money: it is a failed start. */
  async #awaitTools(client: KiloClient, deadlineAt: number): Promise<Result<string[]>> {
    for (;;) {
      const tools = await registeredTools(client, this.#spec);
      if (tools.ok || !tools.error.retryable || this.#stopping.signal.aborted) return tools;
      if (this.#options.now() >= deadlineAt)
        return refuse("deadline", tools.error.message, { retryable: true });
      await Bun.sleep(TOOLS_POLL_MS);
    }
  }

  async #send(text: string): Promise<Result<void>> {
    const live = this.#live;
    if (live === null) return notRunning();
    const id = this.#newMessageId();
    live.mapper.prompted(id);
    const { role: agent, model } = this.#spec;
    const turn = { sessionId: live.sessionId, kiloMessageId: id, agent, model, text };
    let sent = await live.client.prompt(turn);
    // An answer that was lost says nothing: only the conversation tells whether the message arrived.
    if (!sent.ok && sent.error.code === "offline") {
      const messages = await live.client.messages(live.sessionId);
      if (messages.ok && !messages.value.some(({ info }) => info.id === id))
        sent = await live.client.prompt(turn);
      else if (messages.ok) return { ok: true, value: undefined };
    }
    return sent.ok ? { ok: true, value: undefined } : sent;
  }

  /** Reads events until the run ends; a stream that breaks is opened again and what it missed is told. */
  async #follow(
    client: KiloClient,
    mapper: KiloEventMapper,
    sessionId: string,
    onFirstOpen: () => void,
  ): Promise<void> {
    const { signal } = this.#stopping;
    let wasOpen = false;
    const onOpen = () => {
      if (wasOpen) void this.#catchUp(client, mapper, sessionId);
      else onFirstOpen();
      wasOpen = true;
    };
    for (let broken = 0; broken <= RECONNECTS_MAX && !signal.aborted; broken++) {
      try {
        for await (const event of client.events(signal, onOpen)) {
          const { events, requests } = mapper.map(event);
          for (const each of events) this.#emit(each);
          for (const request of requests) this.#answer(client, request);
        }
      } catch (error) {
        if (!signal.aborted)
          this.#options.log.warn("agent event stream broke", {
            runId: this.#spec.runId,
            error: String(error),
          });
      }
      if (!signal.aborted) await Bun.sleep(RECONNECT_MS);
    }
    // An agent that cannot be heard cannot be judged: it ends, and its run is told by the exit.
    if (!signal.aborted) await this.#end(GIVE_UP_GRACE_MS);
  }

  async #catchUp(client: KiloClient, mapper: KiloEventMapper, sessionId: string): Promise<void> {
    const [messages, status] = await Promise.all([
      client.messages(sessionId),
      client.status(sessionId),
    ]);
    if (!messages.ok || !status.ok) return;
    this.#emit({ type: "resumed" });
    for (const event of mapper.catchUp(messages.value, status.value)) this.#emit(event);
  }

  #emit(event: AgentEvent): void {
    if (event.type === "step") this.#usage = addUsage(this.#usage, event);
    this.#listener?.(event);
  }

  /** Nobody sits at this agent: what it asks for is refused, and a lost network is tried again after a pause. */
  #answer(client: KiloClient, request: KiloRequest): void {
    const { requestId } = request;
    if (request.kind === "permission") this.#noting(client.rejectPermission(requestId, NOT_YOURS));
    else if (request.kind === "question") this.#noting(client.rejectQuestion(requestId));
    else {
      const timer = setTimeout(
        () => this.#noting(client.retryNetwork(requestId)),
        this.#options.networkRetryMs,
      );
      this.#stopping.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    }
  }

  #noting(answer: Promise<Result<unknown>>): void {
    void answer.then((result) => {
      if (!result.ok)
        this.#options.log.warn("agent did not take an answer", {
          runId: this.#spec.runId,
          error: result.error.message,
        });
    });
  }
}

/** What kilo calls a tool server it has given up on. Until then it may still connect. */
const GIVEN_UP = new Set(["failed", "disabled", "needs_auth", "needs_client_registration"]);

/** The town's tools as registered: kilo calls a server connected once it has its list. Retryable while it may connect. */
async function registeredTools(client: KiloClient, spec: AgentSpec): Promise<Result<string[]>> {
  const servers = await client.toolServers();
  if (!servers.ok) return servers;
  const server = servers.value[TOOL_SERVER_NAME];
  if (server?.status !== "connected") {
    const why = server?.error ?? server?.status ?? "it is not configured";
    const retryable = server === undefined || !GIVEN_UP.has(server.status);
    return refuse("internal", `The agent has not registered the town's tools: ${why}`, {
      retryable,
    });
  }
  return { ok: true, value: toolsOf(spec.role).map((tool) => toolNameForModel(tool.name)) };
}

function notRunning(): Result<never> {
  return refuse("offline", "The agent is not running.");
}
