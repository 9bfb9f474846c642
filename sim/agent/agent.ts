/** An agent in memory: it edits the tree it was given and calls its tools, as its mind says. */
import { z } from "zod";
import type { ExitRecord } from "../../protocol/facts.ts";
import { refuse, type Result } from "../../protocol/error.ts";
import type {
  AgentDriver,
  AgentEvent,
  AgentPrompt,
  AgentSpec,
  AgentUsage,
  TurnEnd,
} from "../../runner/agents/driver.ts";
import { parseJson } from "../../protocol/model-api/model-usage.ts";
import { toolNameForModel, toolsOf } from "../../runner/agents/tools.ts";
import { sleep, type Clock } from "../../runner/clock.ts";
import type { Answer, Mind } from "./answer.ts";
import type { OpenDoor } from "./doors.ts";

/** Between two things an agent does, without a wish of its mind. */
const PACE_MS = 20;
/** Into its tool call, for an agent that dies in one. */
const DIES_MS = 2;
const CALL_TOKENS = { inputTokens: 100, outputTokens: 20 };
/** What each call adds to its conversation: some fill half of their window, some do not. */
const CONTEXT_TOKENS = 12_000;
const WINDOW_TOKENS = 200_000;
const NO_TOKENS = { reasoningTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };

export interface AgentWorld {
  clock: Clock;
  /** Null: this agent refuses to start. */
  mind: Mind | null;
  door: OpenDoor;
  /** It takes this long until it is up. */
  startMs?: number;
  /** The files of the tree it works in. */
  files: Map<string, string>;
}

const memorySchema = z.strictObject({ turns: z.array(z.string()), calls: z.number() });
/** What a simulated agent remembers, as its snapshot holds it. */
export type AgentMemory = z.infer<typeof memorySchema>;

/** What a snapshot holds; null when it is none. */
export function readMemory(bytes: Uint8Array): AgentMemory | null {
  return memorySchema.safeParse(parseJson(new TextDecoder().decode(bytes))).data ?? null;
}

interface Turn {
  prompt: AgentPrompt;
  over: AbortController;
}

export class SimAgent implements AgentDriver {
  readonly exited: Promise<ExitRecord>;
  readonly #spec: AgentSpec;
  readonly #world: AgentWorld;
  readonly #end: (exit: ExitRecord) => void;
  readonly #waiting: AgentPrompt[] = [];
  readonly #known = new Set<string>();
  #listener: (event: AgentEvent) => void = () => undefined;
  #state: "made" | "up" | "gone" = "made";
  #turn: Turn | null = null;
  #usage: AgentUsage = { calls: 0, costUsd: 0, inputTokens: 0, outputTokens: 0, ...NO_TOKENS };
  #result: string | null = null;
  /** What began each turn that has ended, in this agent or those before it, and how often they asked their model. */
  #memory: AgentMemory = { turns: [], calls: 0 };
  #tools = 0;
  readonly #left = new AbortController();

  constructor(spec: AgentSpec, world: AgentWorld) {
    this.#spec = spec;
    this.#world = world;
    const { promise, resolve } = Promise.withResolvers<ExitRecord>();
    this.exited = promise;
    this.#end = resolve;
  }

  prepare(): Promise<Result<void>> {
    return Promise.resolve({ ok: true, value: undefined });
  }

  async start(): Promise<Result<{ pid: number; startedMs: number }>> {
    const startMs = this.#world.startMs ?? PACE_MS;
    await sleep(this.#world.clock, startMs, this.#left.signal);
    if (this.#state === "gone" || this.#world.mind === null) {
      this.#leave({ cancelled: this.#state === "gone" });
      return refuse("internal", "The agent did not start.");
    }
    const { resume } = this.#spec;
    const memory = resume === undefined ? this.#memory : readMemory(resume);
    if (memory === null) {
      this.#leave({});
      return refuse("internal", "That is no memory of an agent.");
    }
    this.#memory = memory;
    this.#state = "up";
    return { ok: true, value: { pid: 1, startedMs: startMs } };
  }

  toolsRegistered(): Promise<Result<string[]>> {
    const names = toolsOf(this.#spec.role).map(({ name }) => toolNameForModel(name));
    return Promise.resolve({ ok: true, value: names });
  }

  prompt(prompt: AgentPrompt): Promise<Result<void>> {
    if (this.#state !== "up") return Promise.resolve(gone());
    if (!this.#known.has(prompt.messageId)) {
      this.#known.add(prompt.messageId);
      this.#waiting.push(prompt);
      if (this.#turn === null) void this.#takeTurns();
    }
    return Promise.resolve({ ok: true, value: undefined });
  }

  interrupt(): Promise<Result<void>> {
    if (this.#state !== "up") return Promise.resolve(gone());
    this.#turn?.over.abort();
    return Promise.resolve({ ok: true, value: undefined });
  }

  onEvent(listener: (event: AgentEvent) => void): void {
    this.#listener = listener;
  }

  usage(): AgentUsage {
    return this.#usage;
  }

  snapshot(): Promise<Result<Uint8Array>> {
    if (this.#state !== "up") return Promise.resolve(gone());
    const { turns, calls } = this.#memory;
    const memory: AgentMemory = { turns, calls: calls + this.#usage.calls };
    if (this.#spec.role === "polecat")
      this.#tell({
        type: "context",
        tokens: CONTEXT_TOKENS * memory.calls,
        windowTokens: WINDOW_TOKENS,
      });
    return Promise.resolve({ ok: true, value: new TextEncoder().encode(JSON.stringify(memory)) });
  }

  residentBytes(): Promise<number | null> {
    return Promise.resolve(null);
  }

  stop(): Promise<ExitRecord> {
    this.#leave({ cancelled: true });
    return this.exited;
  }

  /** Dies as by a crash. */
  die(): void {
    this.#leave({ signal: "SIGKILL", code: null });
  }

  #leave(how: Partial<ExitRecord>): void {
    this.#state = "gone";
    this.#turn?.over.abort();
    this.#left.abort();
    const exit = { code: 0, signal: null, timedOut: false, cancelled: false, forced: false };
    this.#end({ ...exit, durationMs: Math.round(this.#world.clock.mono()), ...how });
  }

  #tell(event: AgentEvent): void {
    if (this.#state === "up") this.#listener(event);
  }

  async #takeTurns(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const turn = { prompt: next, over: new AbortController() };
      this.#turn = turn;
      this.#tell({ type: "turn_opened" });
      const reason = await this.#play(turn);
      this.#memory.turns.push(next.text);
      this.#turn = null;
      this.#tell({ type: "turn_closed", reason });
    }
  }

  async #play({ prompt, over }: Turn): Promise<TurnEnd> {
    const { clock, mind, door } = this.#world;
    for (;;) {
      const { runId, role } = this.#spec;
      const asked = {
        runId,
        role,
        call: this.#memory.calls + this.#usage.calls + 1,
        prompt: prompt.text,
      };
      const admission = await door.behind.gateway.admit({ model: this.#spec.model });
      const answer = mind?.({ ...asked, result: this.#result }) ?? {};
      await sleep(
        clock,
        answer.silent === true ? Infinity : (answer.afterMs ?? PACE_MS),
        over.signal,
      );
      if (over.signal.aborted) return "interrupted";
      if (answer.dies === true) {
        this.die();
        return "interrupted";
      }
      if (answer.fails !== undefined || !admission.ok) return this.#failed(answer);
      this.#count();
      this.#act(answer);
      if (answer.tool !== undefined) {
        if (answer.dies === "in its call") clock.after(DIES_MS, () => this.die());
        await this.#call(answer.tool);
      }
      if (over.signal.aborted) return "interrupted";
      if (answer.tool === undefined && answer.goesOn !== true) return "completed";
    }
  }

  #failed({ fails }: Answer): TurnEnd {
    if (fails !== undefined) this.#world.door.behind.gateway.onFailure(fails);
    const message = fails?.message ?? "the gateway refuses the call";
    this.#tell({ type: "error", kind: fails?.kind ?? "refused", code: "model", message });
    return "error";
  }

  #count(): void {
    const spent = { ...CALL_TOKENS, ...NO_TOKENS };
    const { inputTokens, outputTokens, calls } = this.#usage;
    this.#usage = {
      ...this.#usage,
      calls: calls + 1,
      inputTokens: inputTokens + spent.inputTokens,
      outputTokens: outputTokens + spent.outputTokens,
    };
    const startedAt = this.#world.clock.now();
    const call = {
      model: this.#spec.model,
      costUsd: 0,
      metered: true,
      complete: true,
    };
    this.#world.door.behind.gateway.onUsage({ ...spent, ...call, startedAt, durationMs: PACE_MS });
    this.#tell({ type: "step", usage: spent, costUsd: 0 });
  }

  #act({ text, writes = {} }: Answer): void {
    if (text !== undefined) {
      this.#tell({ type: "text", partId: `part-${this.#usage.calls}`, text });
      const heading = /^# (.*)$/m.exec(text)?.[1];
      if (heading !== undefined) this.#tell({ type: "status", text: heading });
    }
    for (const [path, content] of Object.entries(writes)) {
      if (content === null) this.#world.files.delete(path);
      else this.#world.files.set(path, content);
    }
  }

  async #call({ name, arguments: args }: NonNullable<Answer["tool"]>): Promise<void> {
    const callId = `call-${++this.#tools}`;
    const tool = toolNameForModel(name);
    this.#tell({ type: "tool_start", callId, tool, input: JSON.stringify(args) });
    const answered = await this.#world.door.call(name, args);
    this.#result = answered?.text ?? "Nobody answers.";
    const seen = { ok: answered?.ok ?? false, output: this.#result, durationMs: 0 };
    this.#tell({ type: "tool_end", callId, tool, ...seen });
  }
}

function gone(): Result<never> {
  return refuse("offline", "The agent is not running.");
}
