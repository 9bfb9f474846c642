/** What has a time is done when that has come. Only where nobody stops the town or sets its clock. */
import type { TownView } from "../town/town-view.ts";
import { Violation } from "./violation.ts";

/** For the tick, and what it is in the midst of. */
const SLACK_MS = 10_000;
/** Until a run that was told to leave has left: its runner hears of it at once, and saves its work. */
const LEAVING_MS = 60_000;

type Deadline = { what: string; at: number };

export class DeadlineChecks {
  readonly #view: TownView;
  readonly #now: () => number;
  #next: Deadline | null = null;
  readonly #seen = new Set<string>();
  /** Runs that were offered with the model's key. */
  readonly #holders = new Set<string>();
  /** Since when runs are where they may not be. */
  readonly #forbidden = new Map<string, number>();

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
    for (const [id, since] of this.#unwelcome()) wait(`the end of ${id}`, since + LEAVING_MS);
    const breaker = this.#view.town?.limits.breaker;
    if (breaker?.state === "open") wait("the breaker", breaker.untilAt);
  }

  /** Agents with the model's key whose runner has lost the right to it: they leave. */
  #unwelcome(): ReadonlyMap<string, number> {
    const { runs, runners } = this.#view;
    for (const [id, { agentId, runnerId, state }] of runs) {
      const mayHaveKey = runners.get(runnerId)?.rights.includes("model") ?? true;
      // Whoever is offered a run without the right calls the model through the town.
      if (!this.#seen.has(id) && agentId !== null && mayHaveKey) this.#holders.add(id);
      this.#seen.add(id);
      if (mayHaveKey || !this.#holders.has(id) || state === "ended") this.#forbidden.delete(id);
      else if (!this.#forbidden.has(id)) this.#forbidden.set(id, this.#now());
    }
    for (const id of this.#forbidden.keys()) if (!runs.has(id)) this.#forbidden.delete(id);
    return this.#forbidden;
  }
}
