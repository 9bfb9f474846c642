/** The people of a play: they ask, and ask again until they are answered. */
import type { Ack, ErrorBody } from "../../protocol/error.ts";
import type { SimRandom } from "../random.ts";
import type { TownHost } from "../town/town-host.ts";
import type { World } from "../world/world.ts";

/** After no answer, and after a refusal that may pass. */
const AGAIN_MS = 3_000;
/** Refusals that may pass, until somebody gives it up. */
const REFUSALS_MAX = 40;

export interface Acknowledged {
  name: string;
  body: object;
  value: unknown;
}

export class People {
  readonly #world: World;
  readonly #town: TownHost;
  readonly #random: SimRandom;
  #keys = 0;
  #waiting = 0;
  /** Every change that the town said yes to, in order. */
  readonly acknowledged: Acknowledged[] = [];

  constructor(world: World, town: TownHost) {
    this.#world = world;
    this.#town = town;
    this.#random = world.fork();
  }

  /** Whether everybody has been answered. */
  get served(): boolean {
    return this.#waiting === 0;
  }

  /** Asks with a key of its own until there is an answer; `answered` gets it. */
  wish(name: string, body: object, answered: (ack: Ack) => void = () => undefined): void {
    const key = `wish-${String(++this.#keys).padStart(6, "0")}`;
    this.#waiting += 1;
    this.#ask({ name, body, key, answered, refusals: 0 });
  }

  #ask(wish: Wish): void {
    const { name, body, key, answered } = wish;
    const mayRefuse = wish.refusals < REFUSALS_MAX;
    void this.#town.ask(name, body, key).then((ack) => {
      if (ack === null || (!ack.ok && mayPass(ack.error) && mayRefuse)) {
        if (ack !== null) wish.refusals += 1;
        const inMs = AGAIN_MS + this.#random.below(AGAIN_MS);
        this.#world.after(inMs, "a person asks again", () => this.#ask(wish));
        return;
      }
      this.#waiting -= 1;
      this.#world.trace.say("person", `${name} ${ack.ok ? "ok" : ack.error.code}`);
      if (ack.ok) this.acknowledged.push({ name, body, value: ack.value });
      answered(ack);
    });
  }
}

/** Whoever meant a bead in the trash waits until it is taken back. */
function mayPass({ retryable, message }: ErrorBody): boolean {
  return retryable || message.includes("which is in the trash");
}

interface Wish {
  name: string;
  body: object;
  key: string;
  answered: (ack: Ack) => void;
  refusals: number;
}
