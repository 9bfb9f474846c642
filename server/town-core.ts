/** What the edges see of the town: calls, topics, streams and the runners' desk. */
import {
  ok,
  refuse,
  STREAM_REPLAY_MAX,
  topicSchema,
  type AgentEvent,
  type FeedPosition,
  type Result,
  type Topic,
} from "../protocol/index.ts";
import { keepAudit } from "./loop/keep-audit.ts";
import { call } from "./commands/call.ts";
import type { TopicState, TownCore } from "./core.ts";
import type { TownLoop } from "./loop/town-loop.ts";
import type { RunnerDesk } from "./loop/runner-desk.ts";
import { terminalTarget } from "./queries/terminal-target.ts";
import { makeServices } from "./services/registry.ts";
import type { Db } from "./store/database.ts";
import type { Policies } from "./store/limits/policies.ts";
import type { ImageContext } from "./store/images/images.ts";
import { town } from "./store/schema/town.ts";
import type { Streams } from "./store/streams.ts";
import { topicChanges, topicItems } from "./store/images/topics.ts";
import type { TownOptions } from "./town-options.ts";

export type StreamListener = (runId: string, events: readonly AgentEvent[]) => void;

export interface CoreParts {
  options: TownOptions;
  db: Db;
  loop: TownLoop;
  desk: RunnerDesk;
  streams: Streams;
  streamListeners: Set<StreamListener>;
  townId: string;
  epoch: number;
  images: () => ImageContext;
  policies: () => Policies;
}

/** What the edges see of the town. */
export function makeCore(parts: CoreParts): TownCore {
  const { options, db, loop, desk, streams, streamListeners, townId, epoch, images, policies } =
    parts;
  const { auth, author: hostAuthor = null } = options;
  const services = makeServices({
    db,
    auth,
    runners: options.runnerPort,
    online: (runnerId) => desk.online.has(runnerId),
    revoked: (tokenId) => desk.revoked(tokenId),
    modelTest: options.modelTest,
    loginUrl: options.loginUrl ?? ((token) => `#login=${token}`),
  });
  const queries = () => ({
    db,
    images: images(),
    streams,
    now: options.clock.now(),
    policies: policies(),
    hostAuthor,
    preview: () => loop.preview(),
    explain: (id: string) => loop.explain(id),
  });
  const calls = { loop, auth, services, queries, hostAuthor };
  return {
    townId,
    epoch,
    call: (name, body, caller, key) => call(calls, name, body, caller, key),
    topic: (topic, since) => readTopic(db, epoch, images(), topic, since),
    onChanges: (listener) => loop.onChanges(listener),
    streamSince: (runId, since) => streams.since(runId, since, STREAM_REPLAY_MAX),
    onStream(listener) {
      streamListeners.add(listener);
      return () => streamListeners.delete(listener);
    },
    terminalTarget: (ref) => terminalTarget(db, (runnerId) => desk.online.has(runnerId), ref),
    audit: (entry) => keepAudit(loop, entry),
    hello: (frame, tokenId, rights) => desk.hello(frame, tokenId, rights),
    facts: (runnerId, batch) => desk.facts(runnerId, batch),
    heartbeat: (runnerId, frame) => Promise.resolve(desk.heartbeat(runnerId, frame)),
    tool: (runnerId, frame) => desk.runs.tool(runnerId, frame),
    credential: (runnerId, frame) => Promise.resolve(desk.model.credential(runnerId, frame)),
    modelGrant: (pass, model) => desk.model.grant(pass, model),
    modelUsed: (runId, use) => desk.model.used(runId, use),
    secrets: (runnerId, frame) => Promise.resolve(desk.runs.secrets(runnerId, frame)),
    repository: (runnerId, frame) => Promise.resolve(desk.runs.repository(runnerId, frame)),
    leaving: (runnerId, frame) => desk.leaving(runnerId, frame),
    snapshot_put: (runnerId, frame) => desk.snapshots.put(runnerId, frame),
    snapshot_keep: (runnerId, frame) => desk.snapshots.keep(runnerId, frame),
    snapshot_get: (runnerId, frame) => desk.snapshots.get(runnerId, frame),
    runnerGone: (runnerId, connection) => desk.gone(runnerId, connection),
    revoked: (tokenId) => desk.revoked(tokenId),
    joinedTwice: (tokenId) => desk.joinedTwice(tokenId),
  };
}

function readTopic(
  db: Db,
  epoch: number,
  images: ImageContext,
  topic: Topic,
  since: FeedPosition | undefined,
): Result<TopicState> {
  if (!topicSchema.safeParse(topic).success)
    return refuse("unknown_topic", `there is no topic ${String(topic).slice(0, 60)}.`);
  const version = db.select({ version: town.version }).from(town).get()?.version ?? 0;
  const position = { epoch, version };
  if (since && since.epoch === epoch && since.version <= version) {
    if (since.version === version) return ok({ position, reset: false, items: [] });
    const items = topicChanges(db, topic, epoch, since.version);
    if (items) return ok({ position, reset: false, items });
  }
  return ok({ position, reset: true, items: topicItems(db, topic, images) });
}
