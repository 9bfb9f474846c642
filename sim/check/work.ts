/** What must hold of beads, reviews and what asks people, after every commit. */
import type { Image } from "../../protocol/index.ts";
import { POLICY } from "../../server/model/policy.ts";
import type { TownView } from "../town/town-view.ts";
import { Violation } from "./violation.ts";

type Run = Image<"run">;
type Escalation = Image<"escalation">;

/** Where a review goes from its gates, all in one commit. */
const PAST_GATES = new Set<string>(["reviewing", "approved", "merging"]);
/** More than any bead of a play needs. */
const RUNS_MAX = 200;

/** Shortest wait after an end that a bead is to blame for, less its jitter. */
const BACK_OFF_MS = 500;

/** Who does what nobody else is to blame for. */
export interface Acting {
  people: boolean;
  agents: boolean;
}

export class WorkChecks {
  readonly #view: TownView;
  readonly #acting: () => Acting;
  #begun: Run[] = [];
  #moved: Run[] = [];
  #approved: Image<"review">[] = [];
  #judged: Image<"review">[] = [];
  #raised: Escalation[] = [];
  /** Runs that had ended before the commit that is looked at. */
  readonly #ended = new Set<string>();
  #ending: string[] = [];
  /** The newest run of each bead that ended badly by its own doing. */
  readonly #failed = new Map<string, Run>();
  /** How many runs each bead has had. */
  readonly #counts = new Map<string, number>();

  constructor(view: TownView, acting: () => Acting) {
    this.#view = view;
    this.#acting = acting;
  }

  run(before: Run | undefined, run: Run): void {
    if (before === undefined) this.#begun.push(run);
    if (before?.lastProgressAt === null && run.lastProgressAt !== null) this.#moved.push(run);
    if (run.state !== "ended") return;
    this.#ending.push(run.id);
    const isFailed = run.outcome === "crashed" || run.outcome === "no_result";
    if (run.kind === "work" && run.beadId !== null && isFailed) this.#failed.set(run.beadId, run);
  }

  issue({ id, startFailures, workAttempts, failure, status }: Image<"issue">): void {
    const tries = { work_attempts: workAttempts, start_failures: startFailures };
    const most = { work_attempts: POLICY.workAttemptsMax, start_failures: POLICY.startFailuresMax };
    const code = failure?.code;
    if (
      status === "failed" &&
      !this.#acting().people &&
      (code === "work_attempts" || code === "start_failures") &&
      tries[code] < most[code]
    )
      throw new Violation("tries", `${id} failed after ${tries[code]} of ${most[code]} tries`);
    if (!this.#acting().agents && !this.#acting().people && startFailures + workAttempts > 0)
      throw new Violation("blameless", `${id} is blamed for what infrastructure has done`);
  }

  review(before: Image<"review"> | undefined, review: Image<"review">): void {
    if (before?.state === "reviewing" && review.state === "approved") this.#approved.push(review);
    if (before?.state === "checking" && PAST_GATES.has(review.state)) this.#judged.push(review);
  }

  question(before: Image<"question"> | undefined, { id, runId }: Image<"question">): void {
    if (before === undefined && this.#ended.has(runId))
      throw new Violation("ended-silent", `${id} was asked by ${runId}, which had ended`);
  }

  escalation(before: Escalation | undefined, escalation: Escalation): void {
    const { id, state, reminders } = escalation;
    if (before === undefined) this.#raised.push(escalation);
    else if (before.state === "resolved" && (state !== "resolved" || reminders > before.reminders))
      throw new Violation("resolved-stays", `${id} was resolved, and somebody is reminded of it`);
  }

  /** After all images of a commit. */
  commit(): void {
    for (const run of this.#begun.splice(0)) this.#begins(run);
    for (const run of this.#moved.splice(0)) this.#forgiven(run);
    for (const review of this.#approved.splice(0)) this.#reviewed(review);
    for (const review of this.#judged.splice(0)) this.#green(review);
    for (const escalation of this.#raised.splice(0)) this.#raisedOnce(escalation);
    for (const id of this.#ending.splice(0)) this.#ended.add(id);
  }

  forget(): void {
    this.#ended.clear();
    this.#counts.clear();
    this.#failed.clear();
  }

  #begins(run: Run): void {
    const { id, kind, beadId, rigId, runnerId } = run;
    const { issues, rigs, runners } = this.#view;
    if (beadId !== null) this.#counted(beadId);
    if (kind === "work" && beadId !== null) this.#waits(run, this.#failed.get(beadId));
    const runner = runners.get(runnerId)?.state ?? "connected";
    if (runner !== "connected")
      throw new Violation("offered-heard", `${id} was offered to ${runnerId}, which is ${runner}`);
    if (kind !== "work" && kind !== "review") return;
    for (const on of (beadId === null ? undefined : issues.get(beadId))?.blockedBy ?? []) {
      const blocker = issues.get(on);
      if (kind === "work" && blocker !== undefined && blocker.status !== "closed")
        throw new Violation("blockers-first", `${id} began while ${on} is ${blocker.status}`);
    }
    const agents = [...this.#view.runs.values()].filter(
      (run) => run.state !== "ended" && (run.kind === "work" || run.kind === "review"),
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

  #counted(beadId: string): void {
    const count = (this.#counts.get(beadId) ?? 0) + 1;
    this.#counts.set(beadId, count);
    if (count > RUNS_MAX) throw new Violation("runaway", `${beadId} has had ${count} runs`);
  }

  /** A person may have it tried again at once. */
  #waits({ id, beadId, offeredAt }: Run, last: Run | undefined): void {
    const waitedMs = offeredAt - (last?.endedAt ?? offeredAt - BACK_OFF_MS);
    if (!this.#acting().people && waitedMs >= 0 && waitedMs < BACK_OFF_MS)
      throw new Violation("back-off", `${id} of ${beadId} waited ${waitedMs} ms after ${last?.id}`);
  }

  /** Failures to start are forgiven when the work moves. */
  #forgiven({ id, kind, state, beadId }: Run): void {
    const issue = beadId === null ? undefined : this.#view.issues.get(beadId);
    if (kind === "work" && state !== "ended" && issue !== undefined && issue.startFailures > 0)
      throw new Violation("forgiven", `${id} works, and ${beadId} still counts failures to start`);
  }

  /** Where the rig asks for a review, somebody has read it. What lands a convoy was read before. */
  #reviewed({ id, rigId, subjectId, rounds }: Image<"review">): void {
    const isRead = rounds.at(-1)?.verdict === "approve";
    const mustBe = this.#view.rigs.get(rigId)?.codeReview === true;
    if (mustBe && !isRead && this.#view.issues.get(subjectId)?.landing === false)
      throw new Violation("reviewed", `${id} was approved, and nobody has read it`);
  }

  /** Nothing passes its gates unseen. */
  #green({ id, rigId, rounds }: Image<"review">): void {
    const gates = rounds.at(-1)?.gates ?? [];
    const mustRun = (this.#view.rigs.get(rigId)?.gates.length ?? 0) > 0;
    if (mustRun && (gates.length === 0 || gates.some(({ ok }) => !ok)))
      throw new Violation("gates-green", `${id} passed gates that were not green`);
  }

  #raisedOnce({ id, subjectId, title }: Escalation): void {
    const same = [...this.#view.escalations.values()].find(
      (other) =>
        other.id !== id &&
        other.state !== "resolved" &&
        other.subjectId === subjectId &&
        other.title === title,
    );
    if (same !== undefined)
      throw new Violation("raised-once", `${id} raises what ${same.id} says already: ${title}`);
  }
}
