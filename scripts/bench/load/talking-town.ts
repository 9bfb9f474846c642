// A town whose agents talk as fast as it listens, and the people who follow them.
import type { Socket } from "socket.io-client";
import type { Ack, AgentEvent, StreamFrame } from "../../../protocol/index.ts";
import { EventSource } from "./event-source.ts";
import { Fleet, type TakenWork, until } from "./fleet.ts";
import type { PlayedRunner } from "./played-runner.ts";
import type { ServedTown } from "./served-town.ts";
import { openSockets } from "./sockets.ts";

/** Batches of events in one frame of a runner; seven of them would fill it. */
const BATCHES_AT_ONCE = 4;

interface Talk {
  work: TakenWork;
  source: EventSource;
}

export interface Heard {
  /** Events that the town has acknowledged, and how long it took until the last one was stored. */
  events: number;
  elapsedMs: number;
  /** Milliseconds from the making of the oldest event of a frame to a viewer's having it. */
  delays: number[];
}

export class TalkingTown implements Disposable {
  readonly fleet: Fleet;
  readonly #open = new DisposableStack();
  readonly #talks: Talk[] = [];
  /** The newest event each viewer has, beside the talk it follows. */
  readonly #seen: { talk: Talk; seq: number }[] = [];
  #delays: number[] = [];

  private constructor(fleet: Fleet) {
    this.fleet = this.#open.use(fleet);
  }

  /** Sets `agents` to work and lets `viewers` follow them, as many each. */
  static async open(
    town: ServedTown,
    { agents, viewers, runners }: { agents: number; viewers: number; runners: number },
  ): Promise<TalkingTown> {
    const talking = new TalkingTown(await Fleet.open(town, runners));
    try {
      talking.fleet.onWork = (work) =>
        void talking.#talks.push({ work, source: new EventSource() });
      for (let n = 0; n < agents; n++) talking.fleet.sling(n, `Talk ${n}`);
      await until("the agents", () => talking.#talks.length === agents);
      await talking.#follow(town, viewers);
      await talking.fleet.rest();
      return talking;
    } catch (error) {
      talking[Symbol.dispose]();
      throw error;
    }
  }

  async #follow({ url, token }: ServedTown, viewers: number): Promise<void> {
    const sockets = this.#open.use(await openSockets(url, viewers, token));
    const all = sockets.all.map((socket, n) => this.#view(socket, n));
    await Promise.all(all);
  }

  async #view(socket: Socket, n: number): Promise<void> {
    const talk = this.#talks[n % this.#talks.length];
    if (talk === undefined) return;
    const seen = { talk, seq: 0 };
    this.#seen.push(seen);
    socket.on("stream", ({ events }: StreamFrame) => {
      const [oldest] = events;
      if (oldest !== undefined) this.#delays.push(Date.now() - oldest.at);
      seen.seq = events.at(-1)?.seq ?? seen.seq;
    });
    const stream = `run:${talk.work.spec.runId}`;
    const ack = (await socket.emitWithAck("stream.open", { stream })) as Ack;
    if (!ack.ok) throw new Error(ack.error.message);
  }

  /**
   * Lets all agents talk for a time; each runner hands over the next frame when the last one is
   * acknowledged. Ends when everything is stored and every viewer is where its agent is.
   */
  async talk(windowMs: number): Promise<Heard> {
    this.#delays = [];
    const before = this.#said();
    const startedMs = performance.now();
    await Promise.all(this.fleet.runners.map((runner) => this.#talkBy(runner, windowMs)));
    await this.#stored();
    const elapsedMs = performance.now() - startedMs;
    await until("the last words", () =>
      this.#seen.every(({ talk, seq }) => seq === talk.source.seq),
    );
    const { failure } = this.fleet;
    if (failure !== null) throw new Error(failure);
    return { events: this.#said() - before, elapsedMs, delays: this.#delays };
  }

  #said(): number {
    return this.#talks.reduce((sum, { source }) => sum + source.seq, 0);
  }

  /** Its agents speak in turn. Resolves when all it said is acknowledged. */
  async #talkBy(runner: PlayedRunner, windowMs: number): Promise<void> {
    const talks = this.#talks.filter(({ work }) => work.runner === runner);
    if (talks.length === 0) return;
    const done = Promise.withResolvers<void>();
    const endMs = performance.now() + windowMs;
    let turn = 0;
    const say = (): void => {
      for (let n = 0; n < BATCHES_AT_ONCE; n++) {
        const talk = talks[turn++ % talks.length];
        if (talk === undefined) continue;
        runner.report(talk.work.spec, { kind: "events", events: talk.source.batch() });
      }
    };
    runner.onStored = () => {
      if (runner.waiting > 0) return;
      if (performance.now() < endMs) say();
      else done.resolve();
    };
    say();
    await done.promise;
    runner.onStored = () => undefined;
  }

  /** Whatever writes the streams has written the newest event of each. */
  async #stored(): Promise<void> {
    for (const { work, source } of this.#talks) {
      const asked = { run: work.spec.runId, since: source.seq - 1, limit: 1 };
      let found: AgentEvent[] = [];
      while (found.length === 0) found = await this.fleet.call("run.events", asked);
    }
  }

  [Symbol.dispose](): void {
    this.#open.dispose();
  }
}
