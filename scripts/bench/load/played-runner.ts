// A runner that is played: it speaks the real /runner namespace, takes every offer at once, and reports what it is told to.
import { io, type Socket } from "socket.io-client";
import {
  FACT_BATCH_MAX,
  FRAME_BYTES_MAX,
  PROTOCOL_VERSION,
  ok,
  type Ack,
  type FactBody,
  type Fence,
  type Offer,
  type RunnerWelcome,
  type RunSpec,
  type TerminalOrder,
} from "../../../protocol/index.ts";

import type { TerminalDesk } from "../../../runner/pty/terminal-desk.ts";
import { Membership, type Proof } from "../../../runner/membership/membership.ts";

/** What facts and frames name as their run. */
export interface HeldRun {
  runId: string;
  fence: Fence;
}

export interface PlayedRunnerOptions {
  url: string;
  token: string;
  name: string;
  slots: number;
  onOffer: (spec: RunSpec, runner: PlayedRunner) => void;
}

interface Waiting extends HeldRun {
  body: FactBody;
  bytes: number;
}

/** Room for a frame's own fields. */
const FACTS_BYTES_MAX = FRAME_BYTES_MAX - 4_096;
/** A fact's own fields around its body. */
const FACT_BYTES = 200;

export class PlayedRunner implements Disposable {
  readonly #socket: Socket;
  readonly #spoolEpoch: string;
  readonly #held = new Map<string, HeldRun>();
  #waiting: Waiting[] = [];
  #sending = false;
  #seq = 0;
  #lastOfferSeq = 0;
  #connection = 0;
  #beat: ReturnType<typeof setInterval> | undefined;
  /** The first thing that went wrong; a bench that sees it is worthless. */
  failure: string | null = null;
  /** Called after each batch that the town has stored, with how many facts it had. */
  onStored: (facts: number) => void = () => undefined;

  private constructor(socket: Socket, name: string) {
    this.#socket = socket;
    this.#spoolEpoch = `spool of ${name}`;
  }

  /** @throws what the town refused it with */
  static async join(options: PlayedRunnerOptions): Promise<PlayedRunner> {
    const { url, token, name, slots, onOffer } = options;
    const proof = await prove(url, token);
    const socket = io(`${url}/runner`, {
      auth: { version: PROTOCOL_VERSION, client: "gastown bench", ...proof },
      transports: ["websocket"],
      reconnection: false,
      forceNew: true,
    });
    const runner = new PlayedRunner(socket, name);
    socket.on("offer", (offer: Offer, ack: (answer: Ack) => void) => {
      const { runId, fence } = offer.spec;
      runner.#held.set(runId, { runId, fence });
      runner.#lastOfferSeq = Math.max(runner.#lastOfferSeq, offer.offerSeq);
      ack(ok({ accepted: true }));
      onOffer(offer.spec, runner);
    });
    for (const event of ["stop", "turn", "mail"])
      socket.on(event, (_frame: unknown, ack: (answer: Ack) => void) => ack(ok(null)));
    socket.on("disconnect", (reason) => (runner.failure ??= `the town closed it: ${reason}`));
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("connect_error", reject);
    });
    await runner.#hello(name, slots);
    return runner;
  }

  async #hello(name: string, slots: number): Promise<void> {
    const ack = (await this.#socket.emitWithAck("hello", {
      version: PROTOCOL_VERSION,
      appVersion: "bench",
      runnerId: null,
      incarnation: 1,
      name,
      local: false,
      isolation: "bwrap",
      isolationReason: null,
      slots,
      spoolEpoch: this.#spoolEpoch,
      spoolSeq: 0,
      lastOfferSeq: 0,
      live: [],
      ended: [],
    })) as Ack<RunnerWelcome>;
    if (!ack.ok) throw new Error(ack.error.message);
    this.#connection = ack.value.connection;
    this.#beat = setInterval(() => this.#heartbeat(), ack.value.heartbeatMs);
    this.#send();
  }

  /** Has terminals: hands on what is asked of them, and what they tell. */
  serve(desk: Pick<TerminalDesk, "take" | "join">): void {
    desk.join((news) =>
      this.#socket.emitWithAck("terminal", { ...news, connection: this.#connection }),
    );
    this.#socket.on("terminal", (order: TerminalOrder, ack: (answer: Ack<unknown>) => void) => {
      void desk.take(order).then(ack);
    });
  }

  /** Puts a fact of a run behind those that wait; they go in batches, one batch at a time, as a spool's do. */
  report(run: HeldRun, ...bodies: FactBody[]): void {
    for (const body of bodies) {
      const bytes = JSON.stringify(body).length + FACT_BYTES;
      this.#waiting.push({ runId: run.runId, fence: run.fence, body, bytes });
      if (body.kind === "exit") this.#held.delete(run.runId);
    }
    this.#send();
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  #send(): void {
    if (this.#sending || this.#connection === 0 || this.#waiting.length === 0) return;
    this.#sending = true;
    const facts = this.#batch().map(({ runId, fence, body }) => {
      this.#seq += 1;
      return { seq: this.#seq, runId, fence, at: Date.now(), body };
    });
    const frame = { connection: this.#connection, spoolEpoch: this.#spoolEpoch, facts };
    this.#socket.emit("facts", frame, (ack: Ack) => {
      this.#sending = false;
      if (!ack.ok) this.failure ??= `facts were refused: ${ack.error.message}`;
      else this.onStored(facts.length);
      this.#send();
    });
  }

  #batch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const fact of this.#waiting) {
      bytes += fact.bytes;
      if (count === FACT_BATCH_MAX || (count > 0 && bytes > FACTS_BYTES_MAX)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  #heartbeat(): void {
    const runs = [...this.#held.values()].map((run) => ({
      ...run,
      phase: "working",
      progressAgoMs: 0,
    }));
    const frame = { connection: this.#connection, lastOfferSeq: this.#lastOfferSeq, runs };
    this.#socket.emit("heartbeat", frame, (ack: Ack) => {
      if (!ack.ok) this.failure ??= `a heartbeat was refused: ${ack.error.message}`;
    });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#beat);
    this.#socket.off("disconnect");
    this.#socket.close();
  }
}

/** @throws what the town refused the token with */
async function prove(url: string, token: string): Promise<Proof> {
  let kept: string | null = null;
  const signal = new AbortController().signal;
  const member = Membership.open({ read: () => kept, write: (text) => void (kept = text) });
  if (!member.ok) throw new Error(member.error.message);
  const joined = await member.value.join(url, token, signal);
  if (!joined.ok) throw new Error(joined.error.message);
  const proof = await member.value.prove(url, signal);
  if (!proof.ok) throw new Error(proof.error.message);
  return proof.value;
}
