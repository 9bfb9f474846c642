/** A town by hand: brings one bead through work, check, review and merge, whatever becomes of its runner. */
import { ok, refuse, type Ack } from "../../protocol/error.ts";
import { factBatchSchema, type Fact, type FactBody, type FactOf } from "../../protocol/facts.ts";
import { encodeId, type IdKind } from "../../protocol/ids.ts";
import { helloSchema, type Hello, type OfferAnswer } from "../../protocol/runner-frames.ts";
import type { BeadSpec, RigSpec, RunLimits, RunSpec } from "../../protocol/run-spec.ts";
import { sleep, type Clock, type Random } from "../../runner/clock.ts";
import type { UpEvent } from "../../runner/session/transport.ts";
import type { RunnerLine, TownLine, TownSide } from "./network.ts";

const LOOK_AGAIN_MS = 500;
const AUTHOR = { name: "Ada Person", email: "ada@example.test" };
const MODEL = { model: "m", smallModel: "m", scripted: true };
const LIMITS: RunLimits = {
  wallMs: 3_600_000,
  turnsMax: 20,
  firstTokenMs: 180_000,
  silenceMs: 120_000,
  repromptsMax: 1,
  cutOffMs: 3_600_000,
  warmMs: 300_000,
};

/** An offer without an answer by then is made again. */
const ANSWER_MS = 20_000;

type Answered = Ack<OfferAnswer> | null;
type Kind = "work" | "check" | "review" | "merge";

interface Current {
  spec: RunSpec;
  offerSeq: number;
  answer: OfferAnswer | null;
  asking: boolean;
}

export class OneBeadTown implements TownSide {
  /** Stored facts, once each, in their order. */
  readonly facts: Fact[] = [];
  /** What no town may see. */
  readonly faults: string[] = [];
  readonly bead: BeadSpec;
  readonly rig: RigSpec;
  readonly #clock: Clock;
  readonly #random: Random;
  #line: RunnerLine | null = null;
  #hello: Hello | null = null;
  #connection = 0;
  #ackedSeq = 0;
  #spoolEpoch = "";
  #offers = 0;
  #runs = 0;
  #run: Current | null = null;

  constructor(clock: Clock, random: Random, rig: Pick<RigSpec, "remote" | "gates" | "setup">) {
    this.#clock = clock;
    this.#random = random;
    const names = { id: this.#id("rig"), name: "sample", target: "main" };
    this.rig = { ...rig, ...names, delivery: "merge", isolationConfirmed: true };
    const counts = { attempt: 1, round: 1, cycle: 1 };
    const text = { title: "Write a line", body: "", convoyTitle: null, feedback: null };
    this.bead = { id: this.#id("issue"), ...text, ...counts, delivery: "merge" };
  }

  /** Stored facts of one kind. */
  of<K extends FactBody["kind"]>(kind: K): FactOf<K>[] {
    return this.facts
      .map(({ body }) => body)
      .filter((body): body is FactOf<K> => body.kind === kind);
  }

  /** Every run was told the end of, and the bead has landed. */
  get done(): boolean {
    return this.#run === null && this.#next() === null;
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

  /** A person stops the run that is offered or accepted; another follows it. */
  stopRun(): void {
    const [line, run] = [this.#line, this.#run];
    if (line === null || run === null) return;
    const { runId, fence } = run.spec;
    const order = { runId, fence, outcome: "stopped_by_person", reason: "A person stopped it." };
    void line.ask("stop", { connection: this.#connection, ...order });
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
      case "credential":
        return ok({ provider: "scripted", baseUrl: "sim:", apiKey: null });
      case "tool":
        return ok({ isError: false, text: "done" });
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
      runnerId: hello.runnerId ?? this.#id("runner"),
      connection: this.#connection,
      epoch: 1,
      ackedSeq: this.#ackedSeq,
      heartbeatMs: 10_000,
      leaseTtlMs: 45_000,
      stop: [],
    });
  }

  #store(frame: unknown): Ack {
    for (const fact of factBatchSchema.parse(frame).facts) {
      if (fact.seq <= this.#ackedSeq) continue;
      if (fact.seq !== this.#ackedSeq + 1) this.faults.push(`fact ${fact.seq} left a gap`);
      this.#ackedSeq = fact.seq;
      if (this.#exitOf(fact.runId) !== undefined)
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
    const kind = this.#next();
    if (kind === null) return;
    this.#run ??= { spec: this.#spec(kind), offerSeq: 0, answer: null, asking: false };
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
      // Refused: another run is offered in its place.
      if (!answer.value.accepted && this.#run === run) this.#run = null;
    }
    this.#clock.after(LOOK_AGAIN_MS, () => this.#look());
  }

  /** What the bead needs next; null when it has landed. */
  #next(): Kind | null {
    const [work, check, verdict] = [this.of("work_done"), this.of("checked"), this.of("verdict")];
    if (this.of("landed").length > 0) return null;
    if (work.length === 0) return "work";
    if (!check.some(({ green }) => green === true)) return "check";
    return verdict.some((given) => given.verdict === "approve") ? "merge" : "review";
  }

  #spec(kind: Kind): RunSpec {
    const { bead, rig } = this;
    const fence = { epoch: 1, n: ++this.#runs };
    const resource = kind === "merge" ? `${rig.id}:main` : bead.id;
    const common = { runId: this.#id("run"), resource, fence, limits: LIMITS, rig, bead };
    const saved = this.of("saved_work").at(-1) ?? null;
    const work = this.of("work_done").at(-1);
    if (kind === "work" || work === undefined) {
      const agent = { id: this.#id("agent"), name: "Toast", role: "polecat" as const };
      const more = { agent, model: MODEL, author: AUTHOR, contains: [], savedWork: saved };
      return { kind: "work", ...common, ...more };
    }
    const { headOid, baseOid, branch, summary } = work;
    const head = { headOid, branch, reviewId: this.#id("review") };
    if (kind === "check") return { kind, ...common, ...head };
    if (kind === "merge") return { kind, ...common, ...head, author: AUTHOR };
    const agent = { id: this.#id("agent"), name: "Refinery", role: "refinery" as const };
    return { kind, ...common, ...head, baseOid, summary, agent, model: MODEL, gates: [] };
  }

  #id(kind: IdKind): string {
    return encodeId(kind, this.#random.bytes(16));
  }
}
