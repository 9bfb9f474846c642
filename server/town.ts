/** Composition of the town's core: store, loop, effects, calls. */
import { eq } from "drizzle-orm";
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
import { call } from "./calls.ts";
import { storeModel } from "./commands/model-commands.ts";
import type { TopicState, TownCore } from "./core.ts";
import { Executor } from "./effects/executor.ts";
import { TownLoop } from "./loop/town-loop.ts";
import { POLICY } from "./model/policy.ts";
import { RunnerDesk } from "./runner-desk.ts";
import { makeServices } from "./services/registry.ts";
import { StartError } from "./start-error.ts";
import { openDatabase, type Db } from "./store/database.ts";
import { idSource } from "./store/id-source.ts";
import { beginEpoch } from "./store/town-row.ts";
import type { ImageContext } from "./store/images.ts";
import { town } from "./store/schema/town.ts";
import { readStoredModel } from "./store/settings.ts";
import { Streams } from "./store/streams.ts";
import { topicChanges, topicItems } from "./store/topics.ts";
import { confirmEffect, retryEffect } from "./store/writes/outbox.ts";
import { advanceRun, endRun } from "./store/writes/runs.ts";
import type { TownOptions } from "./town-options.ts";

const AUTHOR = { name: "Gastown owner", email: "owner@gastown.invalid" };

export interface OpenTown {
  core: TownCore;
  stop(): Promise<void>;
}

/** @throws StartError with a sentence when the data cannot be used */
export async function openTown(options: TownOptions): Promise<OpenTown> {
  const { clock, random, log, auth } = options;
  const policy = { ...POLICY, ...options.policy };
  const opened = openDatabase(options.dataDir);
  if (!opened.ok) throw new StartError(opened.error.message);
  const { raw, db } = opened.value;
  const newId = idSource(clock, random);
  const { townId, epoch } = beginEpoch(raw, db, { now: clock.now(), newId, demo: options.demo });
  const streams = new Streams(options.dataDir);
  const streamListeners = new Set<(runId: string, events: readonly AgentEvent[]) => void>();
  // A restart is not a silence of the runners: nothing is lost before they could say hello.
  const observingUntil = clock.now() + policy.runnerLostMs;
  const secrets = auth.unseal.bind(auth);
  const images = (): ImageContext => ({
    secrets,
    appVersion: options.appVersion,
    slots: policy.slots,
    observingUntil: clock.now() < observingUntil ? observingUntil : null,
  });
  const loop: TownLoop = new TownLoop({
    raw,
    db,
    clock,
    newId,
    policy,
    log,
    townId,
    epoch,
    images,
    live: () => ({
      secrets,
      observingUntil,
      author: options.author ?? AUTHOR,
      lastSeen: desk.lastSeen,
    }),
  });
  const port = options.runnerPort;
  const desk: RunnerDesk = new RunnerDesk({
    db,
    loop,
    auth,
    port,
    streams,
    clock,
    log,
    policy,
    epoch,
    onEvents: (runId, events) => streamListeners.forEach((listener) => listener(runId, events)),
  });
  const online = (runnerId: string) => desk.lastSeen.has(runnerId);
  const executor = new Executor({
    db,
    loop,
    port,
    clock,
    log,
    acceptByMs: policy.acceptByMs,
    online,
    writes: { confirm: confirmEffect, retry: retryEffect, advanceRun, endRun },
  });
  loop.onTick(() => executor.kick());
  await useScriptedModel(options, loop, db);
  const services = makeServices({
    db,
    auth,
    runners: port,
    online,
    modelTest: options.modelTest,
    loginUrl: options.loginUrl ?? ((token) => `#login=${token}`),
  });
  const calls = { loop, auth, services, queries: () => ({ db, images: images(), streams }) };
  const core: TownCore = {
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
    hello: (frame, tokenId) => desk.hello(frame, tokenId),
    facts: (runnerId, batch) => desk.facts(runnerId, batch),
    heartbeat: (runnerId, frame) => Promise.resolve(desk.heartbeat(runnerId, frame)),
    tool: (runnerId, frame) => desk.tool(runnerId, frame),
    credential: (runnerId, frame) => Promise.resolve(desk.credential(runnerId, frame)),
    runnerGone: (runnerId, connection) => desk.gone(runnerId, connection),
  };
  loop.wake();
  return {
    core,
    stop() {
      executor.stop();
      loop.stop();
      db.update(town).set({ stoppedCleanly: true }).where(eq(town.id, townId)).run();
      streams.close();
      raw.close();
      return Promise.resolve();
    },
  };
}

/** The scripted model listens on another port at every start. */
async function useScriptedModel(options: TownOptions, loop: TownLoop, db: Db): Promise<void> {
  const { scriptedModel } = options;
  const stored = readStoredModel(db);
  if (!scriptedModel || (stored && stored.provider !== "scripted")) return;
  await loop.submit("model.scripted", (tx) => {
    const { baseUrl, model } = scriptedModel;
    storeModel(tx, {
      provider: "scripted",
      baseUrl,
      model,
      smallModel: model,
      roles: { mayor: null, polecat: null, refinery: null },
    });
    return ok(null);
  });
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
    const items = topicChanges(db, topic, epoch, since.version);
    if (items) return ok({ position, reset: false, items });
  }
  return ok({ position, reset: true, items: topicItems(db, topic, images) });
}
