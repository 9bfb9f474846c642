/**
 * The way out to one viewer: gathers what its channels hold and sends it every COALESCE_MS. While the
 * viewer does not keep up nothing is sent, and channels that gather too much forget it and catch up later.
 */
import { COALESCE_MS } from "../../protocol/index.ts";

/** Something a viewer follows: a topic or a run's stream. */
export interface Channel {
  readonly name: string;
  /** What is gathered and not yet sent. */
  pending(): number;
  /** Forgets what is gathered; the next `flush` sends what has changed since the last one. */
  drop(): void;
  flush(): void;
}

/** Packets waiting for a viewer from which it counts as slow. */
const SLOW_PACKETS = 8;
/** Items a channel may gather for a slow viewer. */
const PENDING_MAX = 1_000;
const SLOW_RECHECK_MS = 250;

export class Viewer {
  /** A topic and a stream may have the same name: `run:ID` is both. */
  readonly #channels = new Set<Channel>();
  readonly #waiting: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param waiting packets made for this viewer that its socket has not taken yet */
  constructor(waiting: () => number) {
    this.#waiting = waiting;
  }

  get channelCount(): number {
    return this.#channels.size;
  }

  open(channel: Channel): void {
    this.#channels.add(channel);
  }

  shut(channel: Channel): void {
    this.#channels.delete(channel);
  }

  /** A channel has gathered something. */
  wake(): void {
    this.#timer ??= setTimeout(() => this.#flush(), COALESCE_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#channels.clear();
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#waiting() <= SLOW_PACKETS) {
      for (const channel of this.#channels) channel.flush();
      return;
    }
    for (const channel of this.#channels) {
      if (channel.pending() > PENDING_MAX) channel.drop();
    }
    this.#timer = setTimeout(() => this.#flush(), SLOW_RECHECK_MS);
  }
}
