/** Removes for good what this runner has of a rig: one rig at a time once, however often the town asks. */
import { refuse, type Ack } from "../../../protocol/error.ts";
import type { PurgeFrame, Purged } from "../../../protocol/entities/trash.ts";
import type { Workplace } from "../workplace.ts";
import { purgeRig } from "./purge-rig.ts";

export class Purges {
  readonly #place: Workplace;
  readonly #underWay = new Map<string, Promise<Ack<Purged>>>();

  constructor(place: Workplace) {
    this.#place = place;
  }

  /** Safe to repeat: what is gone already is nothing to be removed. */
  async purge(order: PurgeFrame): Promise<Ack<Purged>> {
    const { rigId } = order;
    const known = this.#underWay.get(rigId);
    if (known !== undefined) return known;
    const mine = this.#purge(order);
    this.#underWay.set(rigId, mine);
    const answer = await mine;
    this.#underWay.delete(rigId);
    return answer;
  }

  async #purge(order: PurgeFrame): Promise<Ack<Purged>> {
    const { lease, log } = this.#place;
    if (!lease.valid) return refuse("busy", "The town's word is over.", { retryable: true });
    try {
      const answer = await purgeRig(this.#place, order);
      if (answer.ok)
        log.info("a rig was removed", { rigId: order.rigId, kept: answer.value.kept.length });
      return answer;
    } catch (error) {
      log.error("a rig could not be removed", { rigId: order.rigId, error: String(error) });
      return refuse("internal", "A fault of the runner kept the rig. Its log says more.");
    }
  }
}
