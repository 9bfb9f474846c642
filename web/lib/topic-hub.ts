/** Topics a page follows: counted references, resume from the last position after every reconnect. */
import type { Image, ImageKind, Result, Topic, TopicFrame } from "../../protocol/index.ts";
import type { Ports } from "./ports.ts";
import { applyFrame, emptyTopic, imageOf, type TopicState } from "./topic-state.ts";

/** Asks the town for a topic from a position on. */
export interface TopicSource {
  subscribe(frame: {
    topic: Topic;
    since?: TopicState["position"] & {};
  }): Promise<Result<TopicFrame>>;
  unsubscribe(topic: Topic): void;
}

interface Entry {
  state: TopicState;
  references: number;
  problem: string | null;
  listeners: Set<() => void>;
  cancelRelease: (() => void) | null;
}

/** How long a topic is kept after its last viewer left, so that going back shows it at once. */
const LINGER_MS = 20_000;

export class TopicHub {
  readonly #entries = new Map<Topic, Entry>();
  readonly #anyListeners = new Set<() => void>();
  readonly #source: TopicSource;
  readonly #ports: Ports;
  #online = false;

  constructor(source: TopicSource, ports: Ports) {
    this.#source = source;
    this.#ports = ports;
  }

  /** Follows a topic until the answer is called. */
  follow(topic: Topic, listener: () => void): () => void {
    const entry = this.#entries.get(topic) ?? this.#create(topic);
    entry.cancelRelease?.();
    entry.cancelRelease = null;
    entry.references += 1;
    entry.listeners.add(listener);
    return () => {
      entry.listeners.delete(listener);
      entry.references -= 1;
      if (entry.references === 0) {
        entry.cancelRelease = this.#ports.later(LINGER_MS, () => this.#release(topic));
      }
    };
  }

  /** Hears of every change of every topic. */
  followAll(listener: () => void): () => void {
    this.#anyListeners.add(listener);
    return () => void this.#anyListeners.delete(listener);
  }

  state(topic: Topic): TopicState {
    return this.#entries.get(topic)?.state ?? emptyTopic;
  }

  /** Why a topic could not be followed, in a sentence. */
  problem(topic: Topic): string | null {
    return this.#entries.get(topic)?.problem ?? null;
  }

  /** An image from whichever topic holds it. */
  find<K extends ImageKind>(kind: K, id: string): Image<K> | undefined {
    for (const entry of this.#entries.values()) {
      const image = imageOf(entry.state, kind, id);
      if (image !== undefined) return image;
    }
    return undefined;
  }

  /** The connection is up: every followed topic goes on from where it was. */
  connected(): void {
    this.#online = true;
    for (const topic of this.#entries.keys()) this.#subscribe(topic);
  }

  disconnected(): void {
    this.#online = false;
  }

  /** A `changes` frame arrived. */
  receive(frame: TopicFrame): void {
    const { topic } = frame;
    const entry = this.#entries.get(topic);
    if (!entry) return;
    const applied = applyFrame(entry.state, frame);
    if (applied.kind === "out_of_step") {
      this.#set(entry, { ...entry.state, position: null });
      this.#subscribe(topic);
    } else this.#set(entry, applied.state);
  }

  #create(topic: Topic): Entry {
    const entry: Entry = {
      state: emptyTopic,
      references: 0,
      problem: null,
      listeners: new Set(),
      cancelRelease: null,
    };
    this.#entries.set(topic, entry);
    if (this.#online) this.#subscribe(topic);
    return entry;
  }

  #subscribe(topic: Topic): void {
    const entry = this.#entries.get(topic);
    if (!entry) return;
    const { position } = entry.state;
    void this.#source
      .subscribe(position ? { topic, since: position } : { topic })
      .then((answer) => {
        if (this.#entries.get(topic) !== entry) return;
        entry.problem = answer.ok || answer.error.retryable ? null : answer.error.message;
        if (answer.ok) this.receive(answer.value);
        else this.#set(entry, entry.state.ready ? entry.state : { ...entry.state });
      });
  }

  #release(topic: Topic): void {
    this.#entries.delete(topic);
    if (this.#online) this.#source.unsubscribe(topic);
  }

  #set(entry: Entry, state: TopicState): void {
    entry.state = state;
    for (const listener of entry.listeners) listener();
    for (const listener of this.#anyListeners) listener();
  }
}
