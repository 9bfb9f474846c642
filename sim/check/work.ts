/** What must hold of beads, reviews and what asks people, after every commit. */
import type { Image } from "../../protocol/index.ts";
import { POLICY } from "../../server/model/policy.ts";
import type { TownView } from "../town/town-view.ts";
import { BeginChecks } from "./begins.ts";
import { Violation } from "./violation.ts";

type Run = Image<"run">;
type Escalation = Image<"escalation">;

/** Where a review goes from its gates, all in one commit. */
const PAST_GATES = new Set<string>(["reviewing", "approved", "merging"]);
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
  readonly #beginnings: BeginChecks;

  constructor(view: TownView, acting: () => Acting) {
    this.#view = view;
    this.#acting = acting;
    this.#beginnings = new BeginChecks(view, () => acting().people);
  }

  run(before: Run | undefined, run: Run): void {
    if (before === undefined) this.#begun.push(run);
    if (before?.lastProgressAt === null && run.lastProgressAt !== null) this.#moved.push(run);
    if (run.state !== "ended") return;
    this.#ending.push(run.id);
    if (before?.state !== "ended") this.#beginnings.ended(run);
  }

  issue(before: Image<"issue"> | undefined, issue: Image<"issue">): void {
    const { id, startFailures, workAttempts, failure, status } = issue;
    const isTaken = before?.taken?.given === null;
    if (isTaken && before?.status !== "in_review" && status === "in_review")
      throw new Violation("taken-stays", `${id} went to review while a person works on it`);
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
    if (!this.#acting().people && review.rounds.length > POLICY.roundsMax)
      throw new Violation("tries", `${review.id} goes into round ${review.rounds.length}`);
    if (before?.state === "reviewing" && review.state === "approved") this.#approved.push(review);
    if (before?.state === "checking" && PAST_GATES.has(review.state)) this.#judged.push(review);
  }

  question(before: Image<"question"> | undefined, { id, runId }: Image<"question">): void {
    if (before === undefined && this.#ended.has(runId))
      throw new Violation("ended-silent", `${id} was asked by ${runId}, which had ended`);
  }

  escalation(before: Escalation | undefined, escalation: Escalation): void {
    const { id, state, reminders, source } = escalation;
    if (before === undefined && this.#ended.has(source.replace("run:", "")))
      throw new Violation("ended-silent", `${id} was raised by ${source}, which had ended`);
    if (before === undefined) this.#raised.push(escalation);
    else if (before.state === "resolved" && (state !== "resolved" || reminders > before.reminders))
      throw new Violation("resolved-stays", `${id} was resolved, and somebody is reminded of it`);
  }

  /** Of every merge that a target has got. */
  landed(bead: string, runId: string): void {
    this.#beginnings.landed(bead, runId);
  }

  /** After all images of a commit. */
  commit(): void {
    for (const run of this.#begun.splice(0)) this.#beginnings.begins(run);
    for (const run of this.#moved.splice(0)) this.#forgiven(run);
    for (const review of this.#approved.splice(0)) this.#reviewed(review);
    for (const review of this.#judged.splice(0)) this.#green(review);
    for (const escalation of this.#raised.splice(0)) this.#raisedOnce(escalation);
    for (const id of this.#ending.splice(0)) this.#ended.add(id);
  }

  forget(): void {
    this.#ended.clear();
    this.#beginnings.forget();
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
