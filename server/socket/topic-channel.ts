/** One topic of one viewer: the newest image of each changed thing, sent in order of the change feed. */
import type { AnyImage, FeedPosition, Result, Topic, TopicFrame } from "../../protocol/index.ts";
import type { TopicState, TownCore } from "../core.ts";
import { cutToFrames } from "./frames.ts";
import type { Channel } from "./viewer.ts";

export class TopicChannel implements Channel {
  readonly name: Topic;
  readonly #core: TownCore;
  readonly #send: (frame: TopicFrame) => void;
  readonly #images = new Map<string, AnyImage>();
  #sent: FeedPosition;
  #newest: FeedPosition;
  #dropped = false;

  constructor(
    core: TownCore,
    name: Topic,
    position: FeedPosition,
    send: (frame: TopicFrame) => void,
  ) {
    this.#core = core;
    this.name = name;
    this.#sent = position;
    this.#newest = position;
    this.#send = send;
  }

  add(epoch: number, version: number, image: AnyImage): void {
    if (this.#dropped || version <= this.#sent.version) return;
    const key = `${image.kind} ${image.id}`;
    // Out and in again, so that the order of the map is the order of the newest changes.
    this.#images.delete(key);
    this.#images.set(key, image);
    this.#newest = { epoch, version };
  }

  pending(): number {
    return this.#images.size;
  }

  drop(): void {
    this.#images.clear();
    this.#dropped = true;
  }

  flush(): void {
    if (this.#dropped) {
      this.#catchUp();
      return;
    }
    if (this.#images.size === 0) return;
    const items = [...this.#images.values()];
    this.#images.clear();
    this.#sent = this.#newest;
    for (const frame of topicFrames(this.name, { position: this.#newest, reset: false, items }))
      this.#send(frame);
  }

  #catchUp(): void {
    const state: Result<TopicState> = this.#core.topic(this.name, this.#sent);
    // A topic whose subject is gone has nothing more to say.
    if (!state.ok) return;
    this.#dropped = false;
    this.#sent = state.value.position;
    this.#newest = state.value.position;
    for (const frame of topicFrames(this.name, state.value)) this.#send(frame);
  }
}

/** The frames of a topic's state or changes: only the first resets, only the last is complete. */
export function topicFrames(topic: Topic, state: TopicState): [TopicFrame, ...TopicFrame[]] {
  const parts = cutToFrames(state.items);
  const frame = (items: AnyImage[], index: number): TopicFrame => ({
    topic,
    ...state.position,
    reset: state.reset && index === 0,
    complete: index === parts.length - 1,
    items,
  });
  const [first, ...rest] = parts;
  return [frame(first, 0), ...rest.map((items, index) => frame(items, index + 1))];
}
