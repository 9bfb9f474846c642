/** A runner by hand: joins a real town's socket, takes offers, and says what a test lets it say. */
import { z } from "zod";
import {
  ok,
  offerSchema,
  refuse,
  runnerWelcomeSchema,
  stopFrameSchema,
  type Ack,
  type FactBody,
  type Fence,
  type RunKind,
  type RunnerWelcome,
  type RunSpec,
} from "../../../protocol/index.ts";
import { socketTransport } from "../../../runner/session/town-socket.ts";
import { memoryMembership } from "../../support/membership.ts";
import { request, type TownLink, type UpEvent } from "../../../runner/session/transport.ts";

const ANSWER_MS = 10_000;

/** What a frame or a fact names as its run. */
export interface Holder {
  runId: string;
  fence: Fence;
}

export class TestRunner {
  readonly #link: TownLink;
  readonly #spoolEpoch: string;
  readonly #offers: RunSpec[] = [];
  #arrived = Promise.withResolvers<void>();
  #seq = 0;
  welcome!: RunnerWelcome;

  private constructor(link: TownLink, spoolEpoch: string) {
    this.#link = link;
    this.#spoolEpoch = spoolEpoch;
  }

  static async join(townUrl: string, token: string, name: string): Promise<TestRunner> {
    const early: ((runner: TestRunner) => void)[] = [];
    let runner: TestRunner | null = null;
    const soon = (act: (runner: TestRunner) => void): Promise<Ack> => {
      if (runner === null) early.push(act);
      else act(runner);
      return Promise.resolve(ok({ accepted: true }));
    };
    const opened = await socketTransport({
      townUrl,
      token,
      membership: memoryMembership(),
      client: "test runner",
    }).open(
      {
        offer: (frame) => soon((to) => to.#take(offerSchema.parse(frame).spec)),
        stop: (frame) => {
          stopFrameSchema.parse(frame);
          return Promise.resolve(ok(null));
        },
        turn: () => Promise.resolve(ok(null)),
        terminal: () => Promise.resolve(refuse("unsupported", "There are no terminals here.")),
        mail: () => Promise.resolve(ok(null)),
        forget: () => Promise.resolve(ok(null)),
        purge: () => Promise.resolve(ok({ kept: [] })),
        diff: () => Promise.resolve(ok(null)),
        browse: () => Promise.resolve(ok(null)),
        try_remote: () => Promise.resolve(ok(null)),
      },
      AbortSignal.timeout(ANSWER_MS),
    );
    if (!opened.ok) throw new Error(opened.error.message);
    runner = new TestRunner(opened.value, `spool of ${name}`);
    const hello = {
      version: 1,
      appVersion: "1.2.3",
      runnerId: null,
      incarnation: 1,
      name,
      local: false,
      isolation: "bwrap",
      isolationReason: null,
      slots: 4,
      spoolEpoch: runner.#spoolEpoch,
      spoolSeq: 0,
      lastOfferSeq: 0,
      live: [],
      ended: [],
    };
    const welcome = await runner.#ask("hello", hello, runnerWelcomeSchema);
    if (!welcome.ok) throw new Error(welcome.error.message);
    runner.welcome = welcome.value;
    for (const act of early) act(runner);
    return runner;
  }

  /** The next offer of this kind; takes it out of those that arrived. */
  async offered<K extends RunKind>(kind: K): Promise<Extract<RunSpec, { kind: K }>> {
    for (;;) {
      const at = this.#offers.findIndex((spec) => spec.kind === kind);
      const [spec] = at < 0 ? [] : this.#offers.splice(at, 1);
      if (spec !== undefined) return spec as Extract<RunSpec, { kind: K }>;
      await this.#arrived.promise;
    }
  }

  /** Hands over facts of one run, as its spool would. */
  facts({ runId, fence }: Holder, ...bodies: FactBody[]): Promise<Ack<unknown>> {
    const facts = bodies.map((body) => ({ seq: ++this.#seq, runId, fence, at: Date.now(), body }));
    return this.#send("facts", { spoolEpoch: this.#spoolEpoch, facts });
  }

  credential({ runId, fence }: Holder): Promise<Ack<unknown>> {
    return this.#send("credential", { runId, fence, want: "model" });
  }

  tool({ runId, fence }: Holder, tool: string, arguments_: unknown): Promise<Ack<unknown>> {
    const key = `test-tool-key-${crypto.randomUUID()}`;
    return this.#send("tool", { runId, fence, turnId: null, tool, arguments: arguments_, key });
  }

  /** A heartbeat that claims these runs. */
  heartbeat(...holders: Holder[]): Promise<Ack<unknown>> {
    const runs = holders.map(({ runId, fence }) => ({
      runId,
      fence,
      phase: "test",
      progressAgoMs: 0,
    }));
    return this.#send("heartbeat", { lastOfferSeq: 1, runs });
  }

  leave(): void {
    this.#link.close("the test is over");
  }

  #take(spec: RunSpec): void {
    this.#offers.push(spec);
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }

  #send(event: UpEvent, frame: object): Promise<Ack<unknown>> {
    return this.#ask(event, { connection: this.welcome.connection, ...frame }, z.unknown());
  }

  #ask<V extends z.ZodType>(event: UpEvent, frame: object, value: V): Promise<Ack<z.output<V>>> {
    return request(this.#link, event, frame, value, ANSWER_MS);
  }
}
