/** What must hold when a run is offered: of its bead, its runner, its rig and the town, at the end of that commit. */
import type { Image } from "../../protocol/index.ts";
import { POLICY } from "../../server/model/policy.ts";
import type { TownView } from "../town/town-view.ts";
import { Violation } from "./violation.ts";

type Run = Image<"run">;

/** More than any bead of a play needs. */
const RUNS_MAX = 200;
/** Shortest wait after an end that a bead is to blame for, less its jitter. */
const BACK_OFF_MS = 500;

export class BeginChecks {
  readonly #view: TownView;
  /** A person may have it tried again at once, and once more. */
  readonly #havePeople: () => boolean;
  /** The newest run of each bead that ended badly by its own doing. */
  readonly #failed = new Map<string, Run>();
  /** Reviews of each round that ended badly. */
  readonly #unread = new Map<string, number>();
  /** Merges that are only to make sure that an earlier one cannot land any more. */
  readonly #withdrawing = new Set<string>();
  /** How many runs each bead has had. */
  readonly #counts = new Map<string, number>();

  constructor(view: TownView, havePeople: () => boolean) {
    this.#view = view;
    this.#havePeople = havePeople;
  }

  /** Of every run, once. */
  ended(run: Run): void {
    const { outcome, kind, beadId } = run;
    if (outcome !== "crashed" && outcome !== "no_result") return;
    if (kind === "work" && beadId !== null) this.#failed.set(beadId, run);
    if (kind === "review")
      this.#unread.set(roundOf(run), (this.#unread.get(roundOf(run)) ?? 0) + 1);
  }

  begins(run: Run): void {
    const { id, kind, beadId, runnerId } = run;
    const runner = this.#view.runners.get(runnerId);
    const state = runner?.state ?? "connected";
    if (state !== "connected")
      throw new Violation("offered-heard", `${id} was offered to ${runnerId}, which is ${state}`);
    if (runner !== undefined && (runner.away !== null || runner.leavingAt !== null))
      throw new Violation("offered-staying", `${id} was offered to ${runnerId}, which leaves`);
    if (runner !== undefined) this.#mayHave(run, runner);
    const issue = beadId === null ? undefined : this.#view.issues.get(beadId);
    if (kind === "merge" && issue !== undefined && isEnding(issue)) this.#withdrawing.add(id);
    this.#notPaused(run);
    const leaving = this.#view.rigs.get(run.rigId ?? "")?.deletion ?? null;
    if (leaving !== null)
      throw new Violation("leaving-rests", `${id} began while its rig is being deleted`);
    if (beadId !== null) this.#ofBead(run, beadId);
    if (kind === "work" || kind === "review" || kind === "triage") this.#withinSlots(run);
    if (kind === "review" && !this.#havePeople()) this.#triesLeft(run);
  }

  /** `runId`: of the run whose mark is in the lane. */
  landed(bead: string, runId: string): void {
    if (this.#withdrawing.has(runId))
      throw new Violation("withdrawn-rests", `${runId} landed ${bead}, which was to end`);
  }

  forget(): void {
    this.#failed.clear();
    this.#unread.clear();
    this.#counts.clear();
  }

  /** People let the runner do such runs, and it has what the rig wants. */
  #mayHave({ id, kind, rigId, runnerId }: Run, { rights, labels }: Image<"runner">): void {
    if (kind === "merge" && !rights.includes("merge"))
      throw new Violation("offered-granted", `${id} was offered to ${runnerId}, which may not`);
    const wanted = rigId === null ? [] : (this.#view.rigs.get(rigId)?.labels ?? []);
    if (!wanted.every((label) => labels.includes(label)))
      throw new Violation("offered-granted", `${id} needs ${wanted.join()}: ${runnerId} lacks it`);
  }

  #notPaused({ id, kind, rigId, beadId }: Run): void {
    const limits = this.#view.town?.limits;
    const convoyId = beadId === null ? null : (this.#view.issues.get(beadId)?.convoyId ?? null);
    const held = [rigId, kind === "merge" ? null : convoyId];
    const pause = kind === "session" ? null : limits?.pause;
    if (pause || (limits?.pause?.kind === "stop" && kind === "session"))
      throw new Violation("paused-rests", `${id} began while the town is paused`);
    const paused = limits?.paused.find((subject) => held.includes(subject));
    if (paused !== undefined)
      throw new Violation("paused-rests", `${id} began while ${paused} is paused`);
  }

  #ofBead(run: Run, beadId: string): void {
    const { id, kind, offeredAt } = run;
    const count = (this.#counts.get(beadId) ?? 0) + 1;
    this.#counts.set(beadId, count);
    if (count > RUNS_MAX) throw new Violation("runaway", `${beadId} has had ${count} runs`);
    const issue = this.#view.issues.get(beadId);
    if (issue?.held === true && !this.#withdrawing.has(id))
      throw new Violation("held-rests", `${id} began while ${beadId} is held`);
    if (kind !== "work") return;
    if (issue?.taken?.given === null)
      throw new Violation("taken-rests", `${id} began while a person works on ${beadId}`);
    for (const on of issue?.blockedBy ?? []) {
      const blocker = this.#view.issues.get(on);
      if (blocker !== undefined && blocker.status !== "closed")
        throw new Violation("blockers-first", `${id} began while ${on} is ${blocker.status}`);
    }
    const last = this.#failed.get(beadId);
    const waitedMs = offeredAt - (last?.endedAt ?? offeredAt - BACK_OFF_MS);
    if (!this.#havePeople() && waitedMs >= 0 && waitedMs < BACK_OFF_MS)
      throw new Violation("back-off", `${id} of ${beadId} waited ${waitedMs} ms after ${last?.id}`);
  }

  #withinSlots({ rigId, runnerId }: Run): void {
    const { runs, rigs, runners } = this.#view;
    const agents = [...runs.values()].filter(
      ({ state, kind }) =>
        state !== "ended" && (kind === "work" || kind === "review" || kind === "triage"),
    );
    const within = (what: string, count: number, slots: number | undefined) => {
      if (slots !== undefined && count > slots)
        throw new Violation("slots", `${what} has ${slots} slots and ${count} agents`);
    };
    if (rigId !== null)
      within(rigId, agents.filter((run) => run.rigId === rigId).length, rigs.get(rigId)?.slots);
    const ofRunner = agents.filter((run) => run.runnerId === runnerId).length;
    within(runnerId, ofRunner, runners.get(runnerId)?.slots);
  }

  #triesLeft(run: Run): void {
    const count = this.#unread.get(roundOf(run)) ?? 0;
    if (count >= POLICY.reviewTriesMax)
      throw new Violation("tries", `${run.reviewId} is read once more after ${count} bad ends`);
  }
}

/** Only beads in review are merged to land; of others a merge makes sure that they can end. */
function isEnding({ closing, status }: Image<"issue">): boolean {
  return closing !== null || status === "open";
}

function roundOf({ reviewId, round }: Run): string {
  return `${reviewId} ${round}`;
}
