// Looking only at what changed must lead to the same rest as looking at everything.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { exit, openStage, PlayedRunner, workDone, BASE, type Stage } from "./stage.ts";
import type { ConvoyMode, FactBody, Offer } from "../../../protocol/index.ts";

const SEED = Number(process.env["GASTOWN_TEST_SEED"] ?? "1");
/** Ticks after which a town that is left alone must have come to rest. */
const TICKS_MAX = 40;

const outcomes = ["done", "no_result", "crashed", "lost", "evicted", "throttled", "quota"] as const;
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("sling" as const), on: fc.nat(9) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("work" as const), well: fc.nat(9) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("depend" as const), a: fc.nat(9), b: fc.nat(9) }),
  },
  fc.record({ do: fc.constant("close" as const), bead: fc.nat(9) }),
  fc.record({ do: fc.constant("reopen" as const), bead: fc.nat(9) }),
  fc.record({ do: fc.constant("cancel" as const), bead: fc.nat(9) }),
  fc.record({ do: fc.constant("hold" as const), bead: fc.nat(9) }),
  fc.record({ do: fc.constant("release" as const), bead: fc.nat(9) }),
  fc.record({ do: fc.constant("archive" as const), bead: fc.nat(9), back: fc.boolean() }),
  fc.record({ do: fc.constant("delete" as const), bead: fc.nat(9) }),
  fc.record({ do: fc.constant("urgent" as const), bead: fc.nat(9) }),
  fc.record({ do: fc.constant("rewire" as const), a: fc.nat(9), b: fc.nat(9) }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("convoy" as const),
      staged: fc.boolean(),
      mode: fc.constantFrom("review-and-merge" as const, "review-then-land" as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("start" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("pour" as const), staged: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("start molecule" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("step" as const),
      key: fc.constantFrom("a", "b"),
      choice: fc.constantFrom("retry", "skip"),
    }),
  },
  fc.record({ do: fc.constant("end molecule" as const) }),
  fc.record({ do: fc.constant("wish" as const), bead: fc.nat(9), agent: fc.nat(3) }),
  fc.record({ do: fc.constant("write to" as const), agent: fc.nat(3) }),
  fc.record({ do: fc.constant("retire" as const), agent: fc.nat(3) }),
  fc.record({ do: fc.constant("end" as const) }),
  fc.record({
    do: fc.constant("decide" as const),
    bead: fc.nat(9),
    choice: fc.constantFrom("retry", "drop", "land_without"),
  }),
  fc.record({ do: fc.constant("stop" as const) }),
  fc.record({ do: fc.constant("rig" as const), slots: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ do: fc.constant("review" as const), on: fc.boolean() }),
  fc.record({ do: fc.constant("say" as const) }),
  fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(500, 40_000, 130_000) }),
  fc.record({ do: fc.constant("hello" as const) }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant("still" as const), ms: fc.nat(2_000_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("sign" as const),
      of: fc.constantFrom("progress", "repetition", "busy", "idle", "cut", "back"),
    }),
  },
  fc.record({ do: fc.constant("ask" as const), on: fc.nat(3), wait: fc.boolean() }),
  fc.record({ do: fc.constant("answer" as const), on: fc.nat(3) }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant("escalate" as const), on: fc.nat(3) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("triage" as const),
      action: fc.constantFrom("retry", "guide", "hold", "escalate"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("end triage" as const), well: fc.nat(9) }) },
  fc.record({ do: fc.constant("mail" as const), bead: fc.nat(9) }),
  fc.record({ do: fc.constant("resolve" as const), seen: fc.boolean() }),
  fc.record({
    do: fc.constant("budget" as const),
    scope: fc.constantFrom("day", "run", "bead"),
    usd: fc.constantFrom(null, 1, 3),
  }),
  fc.record({
    do: fc.constant("set" as const),
    key: fc.constantFrom(
      "workAttemptsMax",
      "roundsMax",
      "slots",
      "runsPerBeadMax",
      "workStillMs",
      "agentIdleMs",
      "triage",
      "triageOpenMax",
      "triageTriesMax",
    ),
    value: fc.constantFrom(null, 1, 1_000),
    ofRig: fc.boolean(),
  }),
  fc.record({
    do: fc.constant("hold back" as const),
    how: fc.constantFrom(
      "town.stop",
      "town.pause",
      "town.resume",
      "town.resume",
      "rig.pause",
      "rig.resume",
      "rig.resume",
      "provider.retry",
      "breaker.reset",
      "rig.recheck",
    ),
  }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** Most of a dollar: a few calls reach a budget. */
const usage: FactBody = {
  kind: "usage",
  model: "m",
  inputTokens: 1,
  outputTokens: 1,
  reasoningTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costUsd: 0.7,
  durationMs: 1,
  status: 200,
};
const MERGED = "c".repeat(40);

class Play {
  readonly stage: Stage;
  readonly runner: PlayedRunner;
  #beads: string[] = [];
  #convoys: string[] = [];
  #molecules: string[] = [];
  #rig = "";
  #answered = 0;
  #calls = 0;

  constructor(stage: Stage) {
    this.stage = stage;
    this.runner = new PlayedRunner(stage);
  }

  async begin(): Promise<void> {
    // One slot: most beads wait, so that their dependencies and order can still change.
    await this.runner.hello({ slots: 1 });
    this.#rig = await this.stage.readyRig(this.runner);
    this.#answered = this.stage.port.offers.length;
    for (let on = 0; on < 5; on++) await this.act({ do: "sling", on });
    for (const [a, b] of [
      [1, 0],
      [2, 1],
      [4, 3],
    ] as const)
      await this.act({ do: "depend", a, b });
  }

  async act(op: Operation): Promise<void> {
    const { stage } = this;
    const bead = (n: number) => this.#beads[n % Math.max(1, this.#beads.length)] ?? "bd-none";
    switch (op.do) {
      case "sling": {
        const priority = (["low", "medium", "high", "critical"] as const)[op.on % 4] ?? "medium";
        const made = await stage.do("bead.sling", { rig: this.#rig, title: "Work", priority });
        this.#beads.push(made.id);
        return;
      }
      case "work":
        return this.#answer(op.well);
      case "depend":
        await stage.codeOf("bead.depend", { bead: bead(op.a), on: bead(op.b) });
        return;
      case "close":
        await stage.codeOf("bead.close", { bead: bead(op.bead), outcome: "cancelled" });
        return;
      case "cancel":
      case "hold":
      case "release":
      case "delete":
        await stage.codeOf(`bead.${op.do}`, { bead: bead(op.bead) });
        return;
      case "archive":
        await stage.codeOf(op.back ? "bead.unarchive" : "bead.archive", { beads: [bead(op.bead)] });
        return;
      case "convoy":
        return this.#convoy(op.staged, op.mode);
      case "start":
        await stage.codeOf("convoy.start", { convoy: this.#convoys.at(-1) ?? "cv-none" });
        return;
      case "end":
        await stage.codeOf("convoy.cancel", { convoy: this.#convoys.at(-1) ?? "cv-none" });
        return;
      case "wish": {
        const set = { assignee: op.agent === 0 ? null : await this.#agent(op.agent) };
        await stage.codeOf("bead.update", { bead: bead(op.bead), set });
        return;
      }
      case "write to":
        await stage.codeOf("mail.send", { to: await this.#agent(op.agent), text: "x", minutes: 1 });
        return;
      case "retire":
        await stage.codeOf("agent.retire", { agent: await this.#agent(op.agent) });
        return;
      case "pour":
        return this.#pour(op.staged);
      case "start molecule":
        await stage.codeOf("molecule.start", { molecule: this.#molecules.at(-1) ?? "mo-none" });
        return;
      case "step": {
        const molecule = this.#molecules.at(-1) ?? "mo-none";
        await stage.codeOf("molecule.decide", { molecule, step: op.key, choice: op.choice });
        return;
      }
      case "end molecule":
        await stage.codeOf("molecule.cancel", { molecule: this.#molecules.at(-1) ?? "mo-none" });
        return;
      case "decide": {
        const convoy = this.#convoys.at(-1) ?? "cv-none";
        await stage.codeOf("convoy.decide", { convoy, bead: bead(op.bead), choice: op.choice });
        return;
      }
      case "urgent":
        await stage.codeOf("bead.update", { bead: bead(op.bead), set: { priority: "critical" } });
        return;
      case "rewire":
        await stage.codeOf("bead.rewire", { bead: bead(op.a), dependsOn: [bead(op.b)] });
        return;
      case "reopen":
        await stage.codeOf("bead.reopen", { bead: bead(op.bead) });
        return;
      case "stop": {
        const offer = stage.port.offers.at(-1);
        if (offer) await stage.codeOf("run.stop", { run: offer.spec.runId });
        return;
      }
      case "rig":
        await stage.codeOf("rig.update", { rig: this.#rig, set: { slots: op.slots } });
        return;
      case "review":
        await stage.codeOf("rig.update", { rig: this.#rig, set: { codeReview: op.on } });
        return;
      case "say":
        await stage.do("mayor.say", { text: "hello" });
        return;
      case "pass":
        await stage.pass(op.ms);
        return;
      case "ask":
        return this.#tool("gt_ask", { question: `Which of ${op.on}?`, wait: op.wait, minutes: 1 });
      case "escalate":
        return this.#tool("gt_escalate", { title: `Odd ${op.on}`, body: "", severity: "low" });
      case "triage":
        return this.#decide(op.action);
      case "end triage": {
        const offer = this.#triage();
        const outcome = outcomes[Math.max(0, op.well - 3)] ?? "done";
        if (offer) await this.runner.tell(offer.spec, { kind: "started" }, usage, exit(outcome));
        return;
      }
      case "answer": {
        const [question] = await stage.do("question.list", {});
        if (question) await stage.codeOf("question.answer", { question: question.id, answer: "a" });
        return;
      }
      case "mail":
        await stage.codeOf("mail.send", { to: bead(op.bead), text: "x", minutes: 1 });
        return;
      case "resolve": {
        const [escalation] = await stage.do("escalation.list", {});
        const name = op.seen ? "escalation.acknowledge" : "escalation.resolve";
        if (escalation) await stage.codeOf(name, { escalation: escalation.id });
        return;
      }
      case "budget":
        await stage.codeOf("budget.set", { scope: op.scope, usd: op.usd });
        return;
      case "set": {
        const place = { key: op.key, ...(op.ofRig && { rig: this.#rig }) };
        if (op.value === null) await stage.codeOf("settings.unset", place);
        else await stage.codeOf("settings.set", { ...place, value: op.value });
        return;
      }
      case "hold back":
        await stage.codeOf(op.how, op.how.startsWith("rig") ? { rig: this.#rig } : {});
        return;
      case "hello":
        await this.runner.hello({ slots: 1 });
        return;
      case "still":
        await this.#begin();
        await stage.pass(op.ms);
        return;
      case "sign":
        return this.#sign(op.of);
    }
  }

  /** The oldest run that is not played yet begins, as far as its runner is concerned. */
  async #begin(): Promise<void> {
    const offer = this.stage.port.offers[this.#answered];
    if (offer)
      await this.runner.tell(offer.spec, { kind: "phase", phase: "x" }, { kind: "started" });
  }

  async #sign(of: "progress" | "repetition" | "busy" | "idle" | "cut" | "back"): Promise<void> {
    const offer = this.stage.port.offers[this.#answered];
    if (of === "cut") return this.stage.core.runnerGone(this.runner.id, this.runner.connection);
    if (of === "back" || !offer) {
      const live = offer ? [{ ...offer.spec, phase: "x", progressAgoMs: 0 }] : [];
      await this.runner.hello({ live });
      return;
    }
    const facts: Record<typeof of, FactBody> = {
      progress: { kind: "progress", what: "tool" },
      repetition: { kind: "repetition", pattern: "same_call", times: 4, text: "x" },
      busy: { kind: "busy", what: "bash", forMs: 900_000 },
      idle: { kind: "busy", what: "", forMs: 0 },
    };
    await this.runner.tell(offer.spec, facts[of]);
  }

  async #convoy(staged: boolean, mode: ConvoyMode): Promise<void> {
    const tasks = ["a", "b"].map((key) => ({
      key,
      title: key,
      dependsOn: key === "b" ? ["a"] : [],
    }));
    const body = { rig: this.#rig, title: "Both", tasks, staged, mode };
    const made = await this.stage.do("convoy.sling", body);
    this.#convoys.push(made.convoy.id);
    this.#beads.unshift(...made.beads.map(({ id }) => id));
  }

  async #agent(n: number): Promise<string> {
    const agents = await this.stage.do("agent.list", {});
    return agents[n % agents.length]?.id ?? "ag-none";
  }

  async #pour(staged: boolean): Promise<void> {
    const steps = ["a", "b"].map((key) => ({ key, title: key }));
    await this.stage.do("formula.put", { formula: { name: "two", steps } });
    const body = { formula: "two", rig: this.#rig, staged };
    const made = await this.stage.do("molecule.pour", body);
    this.#molecules.push(made.id);
    this.#beads.unshift(...made.steps.map(({ beadId }) => beadId));
  }

  /** The newest triage run; it may have ended. */
  #triage() {
    const newest = this.stage.port.offers.findLast(({ spec }) => spec.kind === "triage");
    return newest?.spec.kind === "triage" ? { spec: newest.spec } : null;
  }

  async #decide(action: string): Promise<void> {
    const { runner, stage } = this;
    const offer = this.#triage();
    if (!offer) return;
    const { runId, fence, requests } = offer.spec;
    const key = `rest-key-of-call-${++this.#calls}`;
    const call = { connection: runner.connection, runId, fence, turnId: null, key };
    for (const { id: request } of requests)
      await stage.core.tool(runner.id, {
        ...{ ...call, key: `${key}-${request}` },
        ...{ tool: "gt_triage_decide", arguments: { request, action, note: "so" } },
      });
  }

  /** The agent of the oldest run that is not played yet calls. */
  async #tool(tool: string, input: object): Promise<void> {
    const { runner, stage } = this;
    const offer = stage.port.offers[this.#answered];
    if (offer?.spec.kind !== "work") return;
    const { runId, fence } = offer.spec;
    const key = `rest-key-of-call-${++this.#calls}`;
    const call = { connection: runner.connection, runId, fence, turnId: null };
    await stage.core.tool(runner.id, { ...call, tool, arguments: input, key });
  }

  /** The runner plays the oldest run that it has not played yet. */
  async #answer(well: number): Promise<void> {
    const offer = this.stage.port.offers[this.#answered];
    if (!offer) return;
    this.#answered += 1;
    if (offer.spec.kind === "triage") return;
    const outcome = outcomes[Math.max(0, well - 4)] ?? "done";
    const result = outcome === "done" ? resultOf(offer) : null;
    await this.runner.tell(
      offer.spec,
      { kind: "started" },
      usage,
      ...(result === null ? [] : [result]),
      exit(outcome),
    );
  }

  /** Resolves when nothing is left to do by itself; fails when the town does not get there. */
  async rest(): Promise<void> {
    for (let tick = 0; tick < TICKS_MAX; tick++) {
      await this.stage.tick();
      const plan = await this.stage.do("reconcile.preview", {});
      expect(plan.faults).toEqual([]);
      if (plan.steps.length === 0) return;
    }
    const plan = await this.stage.do("reconcile.preview", {});
    expect(plan.steps).toEqual([]);
  }
}

function resultOf({ spec }: Offer): FactBody | null {
  switch (spec.kind) {
    case "work":
      return workDone;
    case "check":
      return {
        kind: "checked",
        headOid: spec.headOid,
        green: true,
        gates: [],
        conflicts: [],
        reason: null,
      };
    case "review":
      return {
        kind: "verdict",
        headOid: spec.headOid,
        verdict: "approve",
        summary: "",
        comments: [],
      };
    case "merge":
      return {
        kind: "landed",
        headOid: spec.headOid,
        hint: null,
        proof: {
          method: "merge",
          ref: spec.rig.convoyBranch ?? "gastown/landed/main",
          sourceOid: spec.headOid,
          mergeOid: MERGED,
          targetOid: MERGED,
        },
      };
    case "baseline":
      return {
        kind: "baseline",
        target: "main",
        targetOid: BASE,
        green: true,
        gates: [],
        reason: null,
      };
    default:
      return null;
  }
}

test("[state.md] at rest, a look at everything finds nothing that looking at changes did not", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 15, maxLength: 40, size: "max" }),
      async (operations) => {
        await using stage = await openStage({ triageCoolMs: 1_000 });
        const play = new Play(stage);
        await play.begin();
        for (const op of operations) {
          await play.act(op);
          await play.rest();
        }
        expect(stage.errors).toEqual([]);
        expect(stage.warnings).toEqual([]);
      },
    ),
    { seed: SEED, numRuns: 25 },
  );
}, 120_000);
