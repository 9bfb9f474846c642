/** A tree, and where that may be an agent in it, that are made ready before their run is known. For one run only. */
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import type { WarmTree } from "../../works/warm-tree.ts";
import { resolveBase } from "../../works/base.ts";
import { agentMayWait } from "./demand.ts";
import { openWarmAgent, type WarmAgent } from "./warm-agent.ts";
import type { WarmPlace } from "./warm-place.ts";

export class Berth {
  readonly #place: WarmPlace;
  readonly #ending = new AbortController();
  readonly #made: Promise<{ tree: WarmTree | null; agent: Promise<WarmAgent | null> }>;
  #tree: WarmTree | null = null;
  #agent: WarmAgent | null = null;
  #ended: Promise<void> | null = null;

  /** Begins at once; `name` is of this berth alone. */
  constructor(place: WarmPlace, spec: RunSpecOf<"work">, name: string) {
    this.#place = place;
    this.#made = this.#make(spec, name);
  }

  /** Resolves when all that can be made ready is, with whether an agent is among it. */
  async ready(): Promise<{ tree: boolean; agent: boolean }> {
    const { tree, agent } = await this.#made;
    return { tree: tree !== null, agent: (await agent) !== null };
  }

  /** The tree, which is the caller's from now on; null when it could not be made. Once. */
  async takeTree(): Promise<WarmTree | null> {
    await this.#made;
    const tree = this.#tree;
    this.#tree = null;
    return tree;
  }

  /** The agent in the tree, the caller's from now on; null when there is none that is up. Once. */
  async takeAgent(): Promise<WarmAgent | null> {
    const made = await (await this.#made).agent;
    const agent = this.#agent;
    if (made === null || agent?.isUp !== true || this.#ending.signal.aborted) return null;
    this.#agent = null;
    return agent;
  }

  /** Lets go of what nobody took. Safe to repeat, at any time. */
  end(): Promise<void> {
    return (this.#ended ??= this.#end());
  }

  async #make(spec: RunSpecOf<"work">, name: string) {
    const tree = await this.#guarded(() => this.#makeTree(spec, name));
    this.#tree = tree;
    const agent = tree === null ? null : this.#guarded(() => this.#makeAgent(spec, tree));
    return { tree, agent: Promise.resolve(agent) };
  }

  /** One of the edges where a bug is caught: nothing is ready then, and runs go on. */
  async #guarded<T>(make: () => Promise<T | null>): Promise<T | null> {
    try {
      return await make();
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#place.log.error("making something ready failed", { error: why });
      return null;
    }
  }

  /** Of what the rig's next work most likely begins from. */
  async #makeTree(spec: RunSpecOf<"work">, name: string): Promise<WarmTree | null> {
    const { works, rigs } = this.#place;
    const fetched = await rigs.fetch(spec.rig, null);
    if (!fetched.ok) return this.#failed(spec, fetched.error.message);
    const { rig, target, targetOid } = fetched;
    const { delivery } = spec.rig;
    const base = await resolveBase(works.history, rig, { target, delivery });
    if (this.#ending.signal.aborted) return null;
    const oid = base.ok ? base.oid : targetOid;
    const contents = spec.rig.lfs === "fetched";
    const absence = contents ? (await works.lfs.bring(rig, oid, null)).absence : null;
    // The run's own tree may have them.
    if (absence !== null && absence.why !== "gone") return this.#failed(spec, absence.text);
    const made = await works.trees.warm(rig, { name, oid, contents });
    return made.ok ? made.warm : this.#failed(spec, made.error.message);
  }

  async #makeAgent(spec: RunSpecOf<"work">, tree: WarmTree): Promise<WarmAgent | null> {
    const { signal } = this.#ending;
    // Users are lent to runs: what one of them began, no other may go on with.
    if (!agentMayWait(spec) || this.#place.isolation === "user" || signal.aborted) return null;
    this.#agent = await openWarmAgent(this.#place, spec, tree, signal);
    return this.#agent;
  }

  #failed(spec: RunSpecOf<"work">, why: string): null {
    this.#place.log.warn("no tree could be made ready", { rig: spec.rig.name, why });
    return null;
  }

  async #end(): Promise<void> {
    this.#ending.abort();
    const { agent } = await this.#made;
    await agent;
    const left = { agent: this.#agent, tree: this.#tree };
    this.#agent = this.#tree = null;
    await left.agent?.close();
    if (left.tree === null) return;
    const gone = await this.#place.works.trees.letGo(left.tree);
    const { log } = this.#place;
    if (!gone.ok) log.warn("a tree that waited was left behind", { why: gone.error.message });
  }
}
