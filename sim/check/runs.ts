/** What must hold of runs after every commit: invariants 1, 3 and 5 of docs/spec.md. */
import type { Image } from "../../protocol/index.ts";
import { Violation } from "./violation.ts";

type Run = Image<"run">;

const ORDER = ["offered", "accepted", "preparing", "running", "ended"] as const;

export class RunChecks {
  /** The live runs of each resource. */
  readonly #live = new Map<string, Set<string>>();
  /** The highest fence of each resource. */
  readonly #fences = new Map<string, Run["fence"]>();
  readonly #touched = new Set<string>();
  /** The agent of each live run that has one. */
  readonly #agents = new Map<string, string>();

  /** Of every image of a run, in order. */
  see(before: Run | undefined, run: Run): void {
    if (before === undefined) this.#begins(run);
    else if (before.state === "ended") endStays(before, run);
    else if (ORDER.indexOf(run.state) < ORDER.indexOf(before.state))
      throw new Violation("run-forward", `${run.id} went from ${before.state} to ${run.state}`);
    const live = this.#live.get(run.resource) ?? new Set();
    if (run.state === "ended") live.delete(run.id);
    else live.add(run.id);
    this.#live.set(run.resource, live);
    if (run.state === "ended" || run.agentId === null) this.#agents.delete(run.id);
    else this.#agents.set(run.id, run.agentId);
    this.#touched.add(run.resource);
    if (run.state === "ended" && run.outcome === null)
      throw new Violation("run-outcome", `${run.id} ended without an outcome`);
    if (run.state === "ended" && run.outcome !== "done" && run.reason === null)
      throw new Violation("run-reason", `${run.id} ended as ${run.outcome} without a reason`);
  }

  /** Of a run that was there before anybody looked, in any order. */
  know({ id, state, resource, agentId, fence }: Run): void {
    const highest = this.#fences.get(resource);
    if (highest === undefined || outranks(fence, highest)) this.#fences.set(resource, fence);
    if (state === "ended") return;
    this.#live.set(resource, (this.#live.get(resource) ?? new Set()).add(id));
    if (agentId !== null) this.#agents.set(id, agentId);
  }

  /** It went into the trash with its rig, in the commit in which it ended. */
  gone({ id, resource }: Run): void {
    this.#live.get(resource)?.delete(id);
    this.#agents.delete(id);
  }

  /** After all images of a commit. */
  commit(): void {
    for (const resource of this.#touched) {
      const live = this.#live.get(resource);
      if (live !== undefined && live.size > 1)
        throw new Violation("one-live-run", `${resource} has ${[...live].join(" and ")}`);
    }
    this.#touched.clear();
    const agents = [...this.#agents.values()];
    if (agents.length > new Set(agents).size)
      throw new Violation(
        "one-live-run",
        `an agent has two of ${[...this.#agents.keys()].join(", ")}`,
      );
  }

  forget(): void {
    this.#live.clear();
    this.#fences.clear();
    this.#agents.clear();
    this.#touched.clear();
  }

  #begins({ id, resource, fence }: Run): void {
    const highest = this.#fences.get(resource);
    if (highest !== undefined && !outranks(fence, highest))
      throw new Violation(
        "fences-rise",
        `${id} of ${resource} has (${fence.epoch}, ${fence.n}) after (${highest.epoch}, ${highest.n})`,
      );
    this.#fences.set(resource, fence);
  }
}

function outranks(fence: Run["fence"], other: Run["fence"]): boolean {
  return fence.epoch > other.epoch || (fence.epoch === other.epoch && fence.n > other.n);
}

/** What came of a run is history. */
function endStays(before: Run, { id, state, outcome, reason, ...run }: Run): void {
  const stays =
    state === "ended" &&
    outcome === before.outcome &&
    run.endedAt === before.endedAt &&
    run.lastProgressAt === before.lastProgressAt &&
    reason?.code === before.reason?.code;
  if (!stays)
    throw new Violation("end-stays", `${id} ended as ${before.outcome}, and now as ${outcome}`);
}
