/** Brings every commit of the town to those who follow it. One listener at the core, however many viewers. */
import {
  refuse,
  ok,
  SUBSCRIPTIONS_MAX,
  type AgentEvent,
  type FeedPosition,
  type Result,
  type StreamFrame,
  type Topic,
  type TopicFrame,
} from "../../protocol/index.ts";
import type { FeedChange, TownCore } from "../core.ts";
import { cutToFrames } from "./frames.ts";
import { StreamChannel } from "./stream-channel.ts";
import { TopicChannel, topicFrames } from "./topic-channel.ts";
import type { Viewer } from "./viewer.ts";

/** How frames reach a viewer. */
export interface ViewerOut {
  changes(frame: TopicFrame): void;
  stream(frame: StreamFrame): void;
}

type Followers<C> = Map<string, Map<Viewer, C>>;

export class Publisher {
  readonly #core: TownCore;
  readonly #topics: Followers<TopicChannel> = new Map();
  readonly #streams: Followers<StreamChannel> = new Map();
  readonly #stops: (() => void)[];

  constructor(core: TownCore) {
    this.#core = core;
    this.#stops = [
      core.onChanges((epoch, changes) => this.#spread(epoch, changes)),
      core.onStream((runId, events) => this.#spreadStream(runId, events)),
    ];
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  /**
   * Follows a topic. Everything happens in one synchronous step, so that no change falls between the
   * state and what follows it. The first frame is the answer; the rest is sent by `later`.
   */
  subscribe(
    viewer: Viewer,
    topic: Topic,
    since: FeedPosition | undefined,
    out: ViewerOut,
  ): Result<{ first: TopicFrame; later: () => void }> {
    if (viewer.channelCount >= SUBSCRIPTIONS_MAX && !this.#topics.get(topic)?.has(viewer))
      return tooMany();
    const state = this.#core.topic(topic, since);
    if (!state.ok) return state;
    this.#leave(this.#topics, viewer, topic);
    const channel = new TopicChannel(this.#core, topic, state.value.position, (frame) =>
      out.changes(frame),
    );
    this.#join(this.#topics, viewer, channel);
    const [first, ...rest] = topicFrames(topic, state.value);
    return ok({ first, later: () => rest.forEach((frame) => out.changes(frame)) });
  }

  unsubscribe(viewer: Viewer, topic: Topic): void {
    this.#leave(this.#topics, viewer, topic);
  }

  /** Follows the stream of a run from a sequence on; as with topics, what does not fit the answer is sent after it. */
  openStream(
    viewer: Viewer,
    stream: string,
    since: number,
    out: ViewerOut,
  ): Result<{ first: AgentEvent[]; later: () => void }> {
    if (viewer.channelCount >= SUBSCRIPTIONS_MAX && !this.#streams.get(stream)?.has(viewer))
      return tooMany();
    this.#leave(this.#streams, viewer, stream);
    const runId = stream.slice("run:".length);
    const events = this.#core.streamSince(runId, since);
    const channel = new StreamChannel(this.#core, stream, events.at(-1)?.seq ?? since, (frame) =>
      out.stream(frame),
    );
    this.#join(this.#streams, viewer, channel);
    const [first, ...rest] = cutToFrames(events);
    return ok({
      first,
      later: () => rest.forEach((part) => out.stream({ stream, runId, events: part })),
    });
  }

  closeStream(viewer: Viewer, stream: string): void {
    this.#leave(this.#streams, viewer, stream);
  }

  /** The viewer's socket is gone. */
  gone(viewer: Viewer): void {
    for (const followers of [this.#topics, this.#streams]) {
      for (const [name, viewers] of followers) {
        if (viewers.delete(viewer) && viewers.size === 0) followers.delete(name);
      }
    }
    viewer.close();
  }

  #spread(epoch: number, changes: readonly FeedChange[]): void {
    for (const { version, topics, image } of changes) {
      for (const topic of topics) {
        for (const [viewer, channel] of this.#topics.get(topic) ?? []) {
          channel.add(epoch, version, image);
          viewer.wake();
        }
      }
    }
  }

  #spreadStream(runId: string, events: readonly AgentEvent[]): void {
    for (const [viewer, channel] of this.#streams.get(`run:${runId}`) ?? []) {
      channel.add(events);
      viewer.wake();
    }
  }

  #join<C extends TopicChannel | StreamChannel>(
    followers: Followers<C>,
    viewer: Viewer,
    channel: C,
  ): void {
    const viewers = followers.get(channel.name) ?? new Map<Viewer, C>();
    viewers.set(viewer, channel);
    followers.set(channel.name, viewers);
    viewer.open(channel);
  }

  #leave<C extends TopicChannel | StreamChannel>(
    followers: Followers<C>,
    viewer: Viewer,
    name: string,
  ): void {
    const viewers = followers.get(name);
    const channel = viewers?.get(viewer);
    if (!viewers || !channel) return;
    viewers.delete(viewer);
    if (viewers.size === 0) followers.delete(name);
    viewer.shut(channel);
  }
}

function tooMany(): Result<never> {
  return refuse(
    "busy",
    `At most ${SUBSCRIPTIONS_MAX} topics and streams may be followed at once. Leave some.`,
  );
}
