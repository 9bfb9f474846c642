/** The errand of one bead: work, check, review and merge, each again until it succeeds. */
import { NO_ENVIRONMENT } from "../../protocol/entities/rig-environment.ts";
import type { BeadSpec, RigSpec, RunSpec } from "../../protocol/run-spec.ts";
import type { ToolAnswer } from "../../protocol/runner-frames.ts";
import type { Random } from "../../runner/clock.ts";
import type { Errand, HandTown } from "./hand-town.ts";
import { newId } from "./new-id.ts";
import { LIMITS } from "./run-limits.ts";

const AUTHOR = { name: "Ada Person", email: "ada@example.test" };
const MODEL = { model: "m", smallModel: "m", scripted: true };

type Kind = "work" | "check" | "review" | "merge";

export class OneBead implements Errand {
  readonly bead: BeadSpec;
  readonly rig: RigSpec;
  readonly #random: Random;

  constructor(random: Random, rig: Pick<RigSpec, "remote" | "gates" | "setup">) {
    this.#random = random;
    const names = { id: newId(random, "rig"), name: "sample", target: "main" };
    this.rig = {
      ...rig,
      ...names,
      delivery: "merge",
      isolationConfirmed: true,
      convoyBranch: null,
      egress: "none",
      lfs: "pointers",
      savedKept: null,
      environment: NO_ENVIRONMENT,
    };
    const counts = { attempt: 1, round: 1, cycle: 1 };
    const text = {
      title: "Write a line",
      body: "",
      convoyTitle: null,
      molecule: null,
      feedback: null,
      answers: [],
    };
    this.bead = { id: newId(random, "issue"), ...text, ...counts, delivery: "merge" };
  }

  isDone(town: HandTown): boolean {
    return town.of("landed").length > 0;
  }

  tool(): ToolAnswer {
    return { isError: false, text: "done" };
  }

  /** What the bead needs next. */
  #next(town: HandTown): Kind {
    const [work, check, verdict] = [town.of("work_done"), town.of("checked"), town.of("verdict")];
    if (work.length === 0) return "work";
    if (!check.some(({ green }) => green === true)) return "check";
    return verdict.some((given) => given.verdict === "approve") ? "merge" : "review";
  }

  spec(town: HandTown, n: number): RunSpec {
    const { bead, rig } = this;
    const kind = this.#next(town);
    const fence = { epoch: 1, n };
    const resource = kind === "merge" ? `${rig.id}:main` : bead.id;
    const common = {
      runId: newId(this.#random, "run"),
      resource,
      fence,
      limits: LIMITS,
      rig,
      bead,
    };
    const last = town.of("saved_work").at(-1);
    const onRemote = town
      .of("saved_copy")
      .some(({ oid, reason }) => oid === last?.oid && reason === null);
    const saved = last === undefined ? null : { ...last, onRemote };
    const work = town.of("work_done").at(-1);
    if (kind === "work" || work === undefined) {
      const agent = { id: newId(this.#random, "agent"), name: "Toast", role: "polecat" as const };
      const more = {
        agent,
        model: MODEL,
        program: "kilo" as const,
        author: AUTHOR,
        contains: [],
        handed: null,
        carries: [],
        ...{ remember: false, snapshot: null, noSnapshot: null },
      };
      return { kind: "work", ...common, ...more, savedWork: saved };
    }
    const { headOid, baseOid, branch, summary } = work;
    const head = { headOid, branch, reviewId: newId(this.#random, "review") };
    if (kind === "check") return { kind, ...common, ...head, roundBase: baseOid };
    if (kind === "merge")
      return {
        kind,
        purpose: "land",
        ...common,
        ...head,
        roundBase: baseOid,
        author: AUTHOR,
        carries: [],
      };
    const agent = { id: newId(this.#random, "agent"), name: "Refinery", role: "refinery" as const };
    return {
      kind,
      ...common,
      ...head,
      baseOid,
      summary,
      agent,
      model: MODEL,
      program: "kilo",
      gates: [],
    };
  }
}
