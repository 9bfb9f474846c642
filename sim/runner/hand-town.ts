/** A town by hand for one runner: offers one run after the other until its errand is done, whatever becomes of the runner. */
import type { PurgeFrame } from "../../protocol/entities/trash.ts";
import { ok, refuse, type Ack } from "../../protocol/error.ts";
import { factBatchSchema, type Fact, type FactBody, type FactOf } from "../../protocol/facts.ts";
import {
  helloSchema,
  toolFrameSchema,
  type Hello,
  type OfferAnswer,
  type ToolAnswer,
  type ToolFrame,
} from "../../protocol/runner-frames.ts";
import type { RunSpec } from "../../protocol/run-spec.ts";
import { sleep, type Clock, type Random } from "../../runner/clock.ts";
import type { UpEvent } from "../../runner/session/transport.ts";
import { newId } from "./new-id.ts";
import type { RunnerLine, TownLine, TownSide } from "./network.ts";

const LOOK_AGAIN_MS = 500;
/** An offer without an answer by then is made again. */
const ANSWER_MS = 20_000;

type Answered = Ack<OfferAnswer> | null;

interface Current {
  spec: RunSpec;
  offerSeq: number;
  answer: OfferAnswer | null;
  asking: boolean;
}

/** What the town wants done. */
export interface Errand {
  isDone(town: HandTown): boolean;
  /** The next run towards it; `n` rises with each. */
  spec(town: HandTown, n: number): RunSpec;
  /** Answers an agent's call. */
  tool(frame: ToolFrame): ToolAnswer;
}

export class HandTown implements TownSide {
  /** Stored facts, once each, in their order. */
  readonly facts: Fact[] = [];
  /** What no town may see. */
  readonly faults: string[] = [];
  /** Nothing more is offered. */
  isOver = false;
  /** What the runner said to offers, in their order. */
  readonly answers: { spec: RunSpec; answer: OfferAnswer }[] = [];
  /** Runs that were given up. */
  readonly #given: RunSpec[] = [];
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #errand: Errand;
  #line: RunnerLine | null = null;
  #hello: Hello | null = null;
  #connection = 0;
  #ackedSeq = 0;
  #spoolEpoch = "";
  #offers = 0;
  #runs = 0;
  #run: Current | null = null;

  constructor(clock: Clock, random: Random, errand: Errand) {
    this.#clock = clock;
    this.#random = random;
    this.#errand = errand;
  }

  /** Stored facts of one kind. */
  of<K extends FactBody["kind"]>(kind: K): FactOf<K>[] {
    return this.facts
      .map(({ body }) => body)
      .filter((body): body is FactOf<K> => body.kind === kind);
  }

  /** Every run was told the end of, and the errand is done. */
  get done(): boolean {
    return this.#run === null && this.#errand.isDone(this);
  }

  /** No run is offered or under way. */
  get isIdle(): boolean {
    return this.#run === null;
  }

  open(line: RunnerLine): { line: TownLine } {
    this.#line?.cut("another connection of the same runner");
    this.#line = line;
    this.#hello = null;
    this.#connection += 1;
    const mine = this.#connection;
    return {
      line: {
        take: (event, frame) => Promise.resolve(this.#take(event, frame, mine)),
        gone: () => {
          if (this.#connection === mine) this.#line = this.#hello = null;
        },
      },
    };
  }

  /** The runner was silent for too long: its run counts as lost, and another follows when it is heard again. */
  giveUp(): void {
    if (this.#run !== null) this.#given.push(this.#run.spec);
    this.#run = null;
    this.#line?.cut("the town hears nothing of it");
  }

  /** A person stops the run that is offered or accepted; another follows it. */
  stopRun(): void {
    const [line, run] = [this.#line, this.#run];
    if (line === null || run === null) return;
    const { runId, fence } = run.spec;
    const order = { runId, fence, outcome: "stopped_by_person", reason: "A person stopped it." };
    void line.ask("stop", { connection: this.#connection, ...order });
  }

  /** The rig is gone for good; null when nobody answers. */
  async purge(order: Omit<PurgeFrame, "connection">): Promise<Ack | null> {
    return this.#line?.ask("purge", { connection: this.#connection, ...order }) ?? null;
  }

  #take(event: UpEvent, frame: unknown, connection: number): Ack {
    if (connection !== this.#connection) return refuse("stale_connection", "An old connection.");
    switch (event) {
      case "hello":
        return this.#greet(helloSchema.parse(frame));
      case "facts":
        return this.#store(frame);
      case "heartbeat":
        return ok({ stop: [], heartbeatMs: 10_000 });
      case "leaving":
        return ok(null);
      case "credential":
        return ok({ provider: "scripted", baseUrl: "sim:", apiKey: null });
      case "secrets":
        return ok({ values: {} });
      case "repository":
        return ok({ credential: null });
      case "tool":
        return ok(this.#errand.tool(toolFrameSchema.parse(frame)));
      case "terminal":
        return refuse("not_found", "Nobody looks at terminals here.");
      // Nothing goes on from here.
      case "snapshot_put":
      case "snapshot_keep":
        return ok(null);
      case "snapshot_get":
        return refuse("not_found", "There is no snapshot.");
    }
  }

  #greet(hello: Hello): Ack {
    if (hello.spoolEpoch !== this.#spoolEpoch && this.#spoolEpoch !== "")
      this.faults.push("the spool lost its epoch");
    if (hello.spoolSeq < this.#ackedSeq) this.faults.push("acknowledged facts are gone");
    this.#spoolEpoch = hello.spoolEpoch;
    this.#hello = hello;
    this.#clock.after(0, () => this.#look());
    return ok({
      runnerId: hello.runnerId ?? newId(this.#random, "runner"),
      connection: this.#connection,
      epoch: 1,
      ackedSeq: this.#ackedSeq,
      heartbeatMs: 10_000,
      leaseTtlMs: 45_000,
      stop: this.#given.flatMap(({ runId, fence }) =>
        hello.live.some((run) => run.runId === runId)
          ? [{ runId, fence, reason: "this run has ended" }]
          : [],
      ),
    });
  }

  #store(frame: unknown): Ack {
    for (const fact of factBatchSchema.parse(frame).facts) {
      if (fact.seq <= this.#ackedSeq) continue;
      if (fact.seq !== this.#ackedSeq + 1) this.faults.push(`fact ${fact.seq} left a gap`);
      this.#ackedSeq = fact.seq;
      // Copies of saved work outlive their runs.
      if (fact.body.kind !== "saved_copy" && this.#exitOf(fact.runId) !== undefined)
        this.faults.push(`a ${fact.body.kind} fact came after its run's exit`);
      this.facts.push(fact);
      if (fact.body.kind === "exit" && fact.runId === this.#run?.spec.runId) this.#run = null;
    }
    this.#clock.after(0, () => this.#look());
    return ok({ ackedSeq: this.#ackedSeq });
  }

  #exitOf(runId: string): Fact | undefined {
    return this.facts.find((fact) => fact.runId === runId && fact.body.kind === "exit");
  }

  /** Compares what is with what should be; asked after everything that happens. */
  #look(): void {
    const [line, hello] = [this.#line, this.#hello];
    if (line === null || hello === null || this.#ackedSeq < hello.spoolSeq) return;
    if (this.#run?.answer?.accepted === true && this.#isLost(hello)) this.#run = null;
    if (this.#run === null && (this.isOver || this.#errand.isDone(this))) return;
    this.#run ??= { spec: this.#nextSpec(), offerSeq: 0, answer: null, asking: false };
    if (this.#run.answer === null && !this.#run.asking) void this.#offer(line, this.#run);
  }

  /** It was accepted before this hello, and the hello and the spool do not know it. */
  #isLost(hello: Hello): boolean {
    const run = this.#run;
    if (run === null || run.offerSeq > hello.lastOfferSeq) return false;
    const names = [...hello.live, ...hello.ended].map(({ runId }) => runId);
    return !names.includes(run.spec.runId) && this.#exitOf(run.spec.runId) === undefined;
  }

  async #offer(line: RunnerLine, run: Current): Promise<void> {
    run.asking = true;
    run.offerSeq = ++this.#offers;
    const { spec, offerSeq } = run;
    const offer = { connection: this.#connection, offerSeq, acceptByMs: 20_000, spec };
    const late = sleep(this.#clock, ANSWER_MS).then(() => null);
    const answer = (await Promise.race([line.ask("offer", offer), late])) as Answered;
    run.asking = false;
    if (answer?.ok === true) {
      run.answer = answer.value;
      this.answers.push({ spec, answer: answer.value });
      // Refused: another run is offered in its place.
      if (!answer.value.accepted && this.#run === run) this.#run = null;
    }
    this.#clock.after(LOOK_AGAIN_MS, () => this.#look());
  }

  #nextSpec(): RunSpec {
    return this.#errand.spec(this, ++this.#runs);
  }
}
