/** What must hold of beads, reviews and what asks people, after every commit. */
import type { Image } from "../../protocol/index.ts";
import type { TownView } from "../town/town-view.ts";
import { Violation } from "./violation.ts";

type Run = Image<"run">;
type Escalation = Image<"escalation">;

export class WorkChecks {
  readonly #view: TownView;
  /** Faults that only infrastructure has: nobody is to blame for anything. */
  readonly #isBlameless: () => boolean;
  #begun: Run[] = [];
  #approved: Image<"review">[] = [];
  #raised: Escalation[] = [];
  /** Runs that had ended before the commit that is looked at. */
  readonly #ended = new Set<string>();
  #ending: string[] = [];

  constructor(view: TownView, isBlameless: () => boolean) {
    this.#view = view;
    this.#isBlameless = isBlameless;
  }

  run(before: Run | undefined, run: Run): void {
    if (before === undefined) this.#begun.push(run);
    if (run.state === "ended") this.#ending.push(run.id);
  }

  issue({ id, startFailures, workAttempts }: Image<"issue">): void {
    if (this.#isBlameless() && startFailures + workAttempts > 0)
      throw new Violation("blameless", `${id} is blamed for what infrastructure has done`);
  }

  review(before: Image<"review"> | undefined, review: Image<"review">): void {
    if (before?.state === "reviewing" && review.state === "approved") this.#approved.push(review);
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
    for (const review of this.#approved.splice(0)) this.#reviewed(review);
    for (const escalation of this.#raised.splice(0)) this.#raisedOnce(escalation);
    for (const id of this.#ending.splice(0)) this.#ended.add(id);
  }

  forget(): void {
    this.#ended.clear();
  }

  #begins({ id, kind, beadId, rigId, runnerId }: Run): void {
    const { issues, rigs, runners } = this.#view;
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

  /** Where the rig asks for a review, somebody has read it. What lands a convoy was read before. */
  #reviewed({ id, rigId, subjectId, rounds }: Image<"review">): void {
    const isRead = rounds.at(-1)?.verdict === "approve";
    const mustBe = this.#view.rigs.get(rigId)?.codeReview === true;
    if (mustBe && !isRead && this.#view.issues.get(subjectId)?.landing === false)
      throw new Violation("reviewed", `${id} was approved, and nobody has read it`);
  }

  #raisedOnce({ id, source, subjectId, title }: Escalation): void {
    const same = [...this.#view.escalations.values()].find(
      (other) =>
        other.id !== id &&
        other.state !== "resolved" &&
        other.source === source &&
        other.subjectId === subjectId &&
        other.title === title,
    );
    if (same !== undefined)
      throw new Violation("raised-once", `${id} raises what ${same.id} says already: ${title}`);
  }
}
