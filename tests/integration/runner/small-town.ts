/** A town just large enough for a runner: it speaks the runner namespace and keeps what it is told in memory. */
import { Server as Engine } from "@socket.io/bun-engine";
import { Server, type Socket } from "socket.io";
import { encodeId, type IdKind } from "../../../protocol/ids.ts";
import type { Ack } from "../../../protocol/error.ts";
import { ok } from "../../../protocol/error.ts";
import { factBatchSchema, type Fact, type FactBody, type FactOf } from "../../../protocol/facts.ts";
import type { RunSpec } from "../../../protocol/run-spec.ts";
import {
  heartbeatSchema,
  helloSchema,
  leavingFrameSchema,
  toolFrameSchema,
  credentialFrameSchema,
  secretsFrameSchema,
  type BrowseFrame,
  type CredentialFrame,
  type DiffAnswer,
  type Heartbeat,
  type Hello,
  type OfferAnswer,
  type SecretsFrame,
  type StopFrame,
  type ToolAnswer,
  type ToolFrame,
} from "../../../protocol/runner-frames.ts";
import { runnerHandshakeSchema } from "../../../protocol/entities/membership.ts";
import { answerJoining } from "../../support/membership.ts";
import type { Browsed } from "../../../protocol/entities/browse.ts";
import type { Fence } from "../../../protocol/run.ts";

let ids = 0;
/** A new id, rising as real ones do. */
export function newId(kind: IdKind): string {
  const bytes = new Uint8Array(16);
  crypto.getRandomValues(bytes);
  new DataView(bytes.buffer).setUint32(0, ++ids);
  return encodeId(kind, bytes);
}

/** The key that the model of these tests takes. */
export const MODEL_KEY = "the-model-key";

export class SmallTown {
  heartbeatMs = 200;
  leaseTtlMs = 5_000;
  drainGraceMs: number | undefined;
  readonly hellos: Hello[] = [];
  readonly heartbeats: Heartbeat[] = [];
  /** Stored facts, once each, in the order of their sequence. */
  readonly facts: Fact[] = [];
  /** Every batch as it arrived. */
  readonly batches: { seqs: number[] }[] = [];
  readonly tools: ToolFrame[] = [];
  readonly credentials: CredentialFrame[] = [];
  readonly secretFrames: SecretsFrame[] = [];
  /** How many facts were stored when a runner said that it leaves. */
  readonly leavings: number[] = [];
  modelUrl = "";
  /** While set, nobody is let in; how often somebody was refused. */
  closed = false;
  refused = 0;
  /** Answers facts; a test may withhold. */
  storeFacts = true;
  answerTool: (frame: ToolFrame) => ToolAnswer = () => ({ isError: false, text: "done" });
  answerCredential: () => Ack = () =>
    ok({ provider: "scripted", baseUrl: this.modelUrl, apiKey: MODEL_KEY });
  answerSecrets: () => Ack = () => ok({ values: {} });
  stopNext: { runId: string; fence: Fence; reason: string }[] = [];
  readonly #io = new Server();
  readonly #engine = new Engine({ path: "/socket.io/", pingInterval: 25_000, pingTimeout: 20_000 });
  #http: ReturnType<typeof Bun.serve> | null = null;
  #socket: Socket | null = null;
  #connection = 0;
  #offerSeq = 0;
  #ackedSeq = 0;
  #waiting: (() => void)[] = [];

  constructor() {
    this.#io.bind(this.#engine);
    this.#io.of("/runner").use((_, next) => {
      if (!this.closed) return next();
      this.refused += 1;
      this.#happened();
      return next(new Error("the town is away"));
    });
    this.#io.of("/runner").on("connection", (socket) => this.#serve(socket));
    const handler = this.#engine.handler();
    this.#http = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 60,
      fetch: async (request, server) =>
        (await answerJoining(request)) ?? handler.fetch(request, server),
      websocket: handler.websocket,
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#http?.port ?? 0}`;
  }
  get connected(): boolean {
    return this.#socket?.connected ?? false;
  }
  get connection(): number {
    return this.#connection;
  }

  async offer(
    spec: RunSpec,
    more: { offerSeq?: number; connection?: number } = {},
  ): Promise<Ack<OfferAnswer>> {
    this.#offerSeq += 1;
    return this.#ask("offer", {
      offerSeq: more.offerSeq ?? this.#offerSeq,
      acceptByMs: 5_000,
      spec,
      ...(more.connection === undefined ? {} : { connection: more.connection }),
    });
  }
  async stop(order: Omit<StopFrame, "connection">): Promise<Ack<null>> {
    return this.#ask("stop", order);
  }
  async turn(frame: object): Promise<Ack<null>> {
    return this.#ask("turn", frame);
  }
  async mail(frame: object): Promise<Ack<null>> {
    return this.#ask("mail", frame);
  }
  async diff(frame: object): Promise<Ack<DiffAnswer>> {
    return this.#ask("diff", frame);
  }
  browse(frame: Omit<BrowseFrame, "connection">): Promise<Ack<Browsed>> {
    return this.#ask("browse", frame);
  }

  /** Cuts the connection as a broken network does. */
  cut(): void {
    this.#socket?.disconnect(true);
  }

  /** Facts of one kind, of one run where it is named. */
  of<K extends FactBody["kind"]>(kind: K, runId?: string): FactOf<K>[] {
    const bodies = this.facts
      .filter((fact) => runId === undefined || fact.runId === runId)
      .map(({ body }) => body);
    return bodies.filter((body): body is FactOf<K> => body.kind === kind);
  }

  /** Resolves with the first value that is not undefined, looked for after everything that happens. */
  async until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const seen = look();
      if (seen !== undefined) return seen;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      await promise;
    }
  }

  /** Resolves with a run's exit. */
  exitOf(runId: string): Promise<FactOf<"exit">> {
    return this.until(() => this.of("exit", runId)[0]);
  }

  async close(): Promise<void> {
    this.#io.of("/runner").disconnectSockets(true);
    await this.#http?.stop(true);
  }

  async #ask<T>(event: string, frame: object): Promise<Ack<T>> {
    const socket = this.#socket;
    if (socket === null) throw new Error("no runner is connected");
    const answer: Ack<T> = await socket
      .timeout(10_000)
      .emitWithAck(event, { connection: this.#connection, ...frame });
    this.#happened();
    return answer;
  }

  #happened(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #serve(socket: Socket): void {
    runnerHandshakeSchema.parse(socket.handshake.auth);
    const connection = ++this.#connection;
    socket.on("hello", (frame: unknown, ack: (answer: Ack) => void) => {
      const hello = helloSchema.parse(frame);
      this.hellos.push(hello);
      this.#socket = socket;
      const runnerId = hello.runnerId ?? newId("runner");
      ack(
        ok({
          runnerId,
          connection,
          epoch: 1,
          ackedSeq: this.#ackedSeq,
          heartbeatMs: this.heartbeatMs,
          leaseTtlMs: this.leaseTtlMs,
          drainGraceMs: this.drainGraceMs,
          stop: [],
        }),
      );
      this.#happened();
    });
    socket.on("facts", (frame: unknown, ack: (answer: Ack) => void) => {
      const batch = factBatchSchema.parse(frame);
      if (!this.storeFacts) return;
      this.batches.push({ seqs: batch.facts.map(({ seq }) => seq) });
      for (const fact of batch.facts) {
        if (fact.seq <= this.#ackedSeq) continue;
        this.#ackedSeq = fact.seq;
        this.facts.push(fact);
      }
      ack(ok({ ackedSeq: this.#ackedSeq }));
      this.#happened();
    });
    socket.on("heartbeat", (frame: unknown, ack: (answer: Ack) => void) => {
      this.heartbeats.push(heartbeatSchema.parse(frame));
      ack(ok({ stop: this.stopNext.splice(0), heartbeatMs: this.heartbeatMs }));
      this.#happened();
    });
    socket.on("tool", (frame: unknown, ack: (answer: Ack) => void) => {
      const call = toolFrameSchema.parse(frame);
      this.tools.push(call);
      ack(ok(this.answerTool(call)));
      this.#happened();
    });
    socket.on("credential", (frame: unknown, ack: (answer: Ack) => void) => {
      this.credentials.push(credentialFrameSchema.parse(frame));
      ack(this.answerCredential());
      this.#happened();
    });
    socket.on("secrets", (frame: unknown, ack: (answer: Ack) => void) => {
      this.secretFrames.push(secretsFrameSchema.parse(frame));
      ack(this.answerSecrets());
      this.#happened();
    });
    socket.on("leaving", (frame: unknown, ack: (answer: Ack) => void) => {
      leavingFrameSchema.parse(frame);
      this.leavings.push(this.facts.length);
      ack(ok(null));
      this.#happened();
    });
    socket.on("disconnect", () => {
      if (this.#socket === socket) this.#socket = null;
      this.#happened();
    });
  }
}
