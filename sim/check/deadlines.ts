/** What has a time is done when that has come. Only where nobody stops the town or sets its clock. */
import type { TownView } from "../town/town-view.ts";
import { Violation } from "./violation.ts";

/** For the tick, and what it is in the midst of. */
const SLACK_MS = 10_000;

type Deadline = { what: string; at: number };

export class DeadlineChecks {
  readonly #view: TownView;
  readonly #now: () => number;
  #next: Deadline | null = null;

  /** @param now by the town's clock */
  constructor(view: TownView, now: () => number) {
    this.#view = view;
    this.#now = now;
  }

  /** Before the images of a commit are taken, and at rest. */
  passed(): void {
    if (this.#next === null || this.#now() <= this.#next.at + SLACK_MS) return;
    const lateMs = Math.round(this.#now() - this.#next.at);
    throw new Violation("in-time", `${this.#next.what} has waited ${lateMs} ms too long`);
  }

  /** After all images of a commit. */
  commit(): void {
    this.#next = null;
    const wait = (what: string, at: number | null | undefined) => {
      if (typeof at === "number" && at < (this.#next?.at ?? Infinity)) this.#next = { what, at };
    };
    for (const { id, remindAt } of this.#view.escalations.values()) wait(id, remindAt);
    for (const { id, state, deadlineAt } of this.#view.questions.values())
      if (state === "open") wait(id, deadlineAt);
    const breaker = this.#view.town?.limits.breaker;
    if (breaker?.state === "open") wait("the breaker", breaker.untilAt);
  }
}
