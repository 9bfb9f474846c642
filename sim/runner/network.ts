/** Connections between a simulated runner and its town: frames travel as JSON, in order, and may be lost. */
import { refuse, type Ack, type ErrorBody, type Result } from "../../protocol/error.ts";
import { sleep, type Clock } from "../../runner/clock.ts";
import type {
  Asked,
  DownEvent,
  FrameListeners,
  TownLink,
  Transport,
  UpEvent,
} from "../../runner/session/transport.ts";
import { never, type Life } from "./life.ts";

/** The runner's end, as the town holds it. */
export interface RunnerLine {
  /** Sends a frame; null when no answer came before the connection was gone. */
  ask(event: DownEvent, frame: object): Promise<Ack | null>;
  cut(reason: string): void;
}

/** The town's end of one connection. */
export interface TownLine {
  take(event: UpEvent, frame: unknown): Promise<Ack>;
  /** The connection is gone. */
  gone(): void;
}

export interface TownSide {
  /** Lets a runner in, or says why not. */
  open(line: RunnerLine): { line: TownLine } | { refusal: ErrorBody };
}

/** What happens to one frame on its way. */
export interface Fate {
  delayMs: number;
  lost: boolean;
  /** Arrives twice. */
  doubled: boolean;
  /** Waits for none that was sent before. */
  overtakes?: boolean;
}

export type JudgeFrame = (event: UpEvent | DownEvent, way: "up" | "down") => Fate;

interface LinkParts {
  life: Life;
  /** Of the world: frames that were sent arrive though their sender is dead. */
  clock: Clock;
  fate: JudgeFrame;
  /** How long an end takes to be noticed on the other side; at once by default. */
  noticeMs?: (() => number) | undefined;
}

export function simTransport(parts: LinkParts & { town: TownSide }): Transport {
  return {
    open: (listeners, signal) =>
      parts.life.call("transport.open", (): Result<TownLink> => {
        if (signal.aborted)
          return refuse("offline", "The runner is stopping.", { retryable: true });
        const link = new SimLink(parts, listeners);
        const answer = parts.town.open(link.runnerLine());
        if ("refusal" in answer) return { ok: false, error: answer.refusal };
        link.join(answer.line);
        return { ok: true, value: link };
      }),
  };
}

class SimLink implements TownLink {
  readonly closed: Promise<string>;
  readonly #parts: LinkParts;
  readonly #listeners: FrameListeners;
  readonly #resolve: (reason: string) => void;
  #town: TownLine | null = null;
  #open = true;
  #goneAtTown = false;
  readonly #gone = Promise.withResolvers<null>();
  /** Told of the end: those who wait for an answer. */
  readonly #asking = new Set<() => void>();
  /** When the last frame of each way arrives: none overtakes it. */
  readonly #lastAt = { up: 0, down: 0 };

  constructor(parts: LinkParts, listeners: FrameListeners) {
    this.#parts = parts;
    this.#listeners = listeners;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.closed = promise;
    this.#resolve = resolve;
    parts.life.onEnd(() => this.#end(null));
  }

  join(town: TownLine): void {
    this.#town = town;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  close(reason: string): void {
    if (this.#parts.life.pass("before link.close")) this.#end(reason);
  }

  async ask(event: UpEvent, frame: object, timeoutMs: number): Promise<Asked> {
    const { life } = this.#parts;
    if (!life.pass(`before ask ${event}`)) return never();
    if (!this.#open) return { kind: "gone" };
    const { promise, resolve } = Promise.withResolvers<Asked>();
    const callOff = life.clock.after(timeoutMs, () => resolve({ kind: "late" }));
    const gone = () => resolve({ kind: "gone" });
    this.#asking.add(gone);
    void this.#sendUp(event, frame).then(resolve);
    const asked = await promise;
    callOff();
    this.#asking.delete(gone);
    await life.awake();
    return life.pass(`after ask ${event}`) ? asked : never();
  }

  runnerLine(): RunnerLine {
    return {
      ask: (event, frame) => Promise.race([this.#sendDown(event, frame), this.#gone.promise]),
      cut: (reason) => this.#cut(reason),
    };
  }

  async #sendUp(event: UpEvent, frame: object): Promise<Asked> {
    const copy = asJson(frame);
    const copies = await this.#travel(event, "up");
    const town = this.#town;
    if (copies === 0 || town === null) return never();
    if (copies > 1) void town.take(event, asJson(copy));
    const value = asJson(await town.take(event, copy));
    return (await this.#travel(event, "down")) === 0 ? never() : { kind: "answered", value };
  }

  async #sendDown(event: DownEvent, frame: object): Promise<Ack> {
    const copy = asJson(frame);
    const copies = await this.#travel(event, "down");
    const { life } = this.#parts;
    if (copies === 0) return never();
    await life.awake();
    if (!life.pass(`before take ${event}`)) return never();
    if (copies > 1) void this.#listeners[event](asJson(copy));
    const answer = asJson(await this.#listeners[event](copy));
    if (!life.pass(`after take ${event}`)) return never();
    return (await this.#travel(event, "up")) === 0 ? never() : answer;
  }

  /**
   * Waits for a frame to arrive. Returns how often it does. What the runner sent before its end arrives
   * before the town hears of the end; what is on its way to a dead runner does not arrive.
   */
  async #travel(event: UpEvent | DownEvent, way: "up" | "down"): Promise<number> {
    const { clock, fate } = this.#parts;
    const { delayMs, lost, doubled, overtakes = false } = fate(event, way);
    const onTime = clock.mono() + delayMs;
    const atMs = overtakes ? onTime : Math.max(this.#lastAt[way], onTime);
    this.#lastAt[way] = Math.max(this.#lastAt[way], atMs);
    await sleep(clock, atMs - clock.mono());
    const deaf = way === "up" ? this.#goneAtTown : !this.#open;
    if (deaf || lost) return 0;
    return doubled ? 2 : 1;
  }

  /** On the runner's side; the town notices later. Null: the runner is dead, and only the town hears of it. */
  #end(reason: string | null): void {
    if (!this.#open) return;
    this.#open = false;
    if (reason !== null) this.#resolve(reason);
    if (reason !== null) for (const gone of this.#asking) gone();
    this.#leaveTown(Math.max(this.#noticeMs(), this.#lastAt.up - this.#parts.clock.mono()));
  }

  /** On the town's side; the runner notices later. */
  #cut(reason: string): void {
    this.#leaveTown(0);
    this.#parts.clock.after(this.#noticeMs(), () => this.#end(reason));
  }

  #leaveTown(inMs: number): void {
    this.#parts.clock.after(Math.max(0, inMs), () => {
      if (this.#goneAtTown) return;
      this.#goneAtTown = true;
      this.#town?.gone();
      this.#gone.resolve(null);
    });
  }

  #noticeMs(): number {
    return this.#parts.noticeMs?.() ?? 0;
  }
}

function asJson<T>(frame: T): T {
  const text = JSON.stringify(frame);
  return JSON.parse(text) as T;
}
