/** Composition of the town's core: store, loop, effects, calls. */
import { join } from "node:path";
import { eq } from "drizzle-orm";
import { ok } from "../protocol/index.ts";
import { storeModel } from "./commands/model-commands.ts";
import type { Scheduler, TownCore } from "./core.ts";
import { Executor } from "./effects/executor.ts";
import { TownLoop } from "./loop/town-loop.ts";
import { POLICY, type Policy } from "./model/policy.ts";
import { effectWrites } from "./loop/effect-writes.ts";
import { Observing } from "./loop/observing.ts";
import { purgeStreams } from "./loop/purge-streams.ts";
import { RunnerDesk, type DeskPorts } from "./loop/runner-desk.ts";
import { OwnTimers, systemScheduler } from "./scheduler.ts";
import { StartError } from "./start-error.ts";
import { fileBlobs, memoryBlobs } from "./store/blobs/blobs.ts";
import { closeDatabase, openDatabase, type Db } from "./store/database.ts";
import { idSource } from "./store/id-source.ts";
import { beginEpoch } from "./store/town-row.ts";
import type { ImageContext } from "./store/images/images.ts";
import { town } from "./store/schema/town.ts";
import { readPolicies } from "./store/limits/policies.ts";
import { readStoredModel, type SecretReader } from "./store/settings.ts";
import { Streams } from "./store/streams.ts";
import { makeCore, type StreamListener } from "./town-core.ts";
import type { TownOptions } from "./town-options.ts";

export interface OpenTown {
  core: TownCore;
  stop(): Promise<void>;
}

/** @throws StartError with a sentence when the data cannot be used */
export async function openTown(options: TownOptions): Promise<OpenTown> {
  const { clock, random, log, auth, data } = options;
  const scheduler = new OwnTimers(options.scheduler ?? systemScheduler);
  const defaults = { ...POLICY, ...options.policy };
  const opened = openDatabase(typeof data === "string" ? data : data.town);
  if (!opened.ok) throw new StartError(opened.error.message);
  const { raw, db } = opened.value;
  const policies = () => readPolicies(db, defaults);
  const policy = () => policies().town;
  const newId = idSource(clock, random);
  const { townId, epoch } = beginEpoch(raw, db, { now: clock.now(), newId, demo: options.demo });
  const streams = new Streams(typeof data === "string" ? data : data.events);
  const observing = new Observing(clock, () => policy().runnerLostMs);
  const secrets = rememberLast((rowId, sealed) => auth.unseal(rowId, sealed));
  const images = () => imageContext(options, { secrets, policy: policy(), observing });
  const loop: TownLoop = new TownLoop({
    raw,
    db,
    clock,
    scheduler,
    newId,
    policies,
    log,
    townId,
    epoch,
    images,
    onGap: () => {
      observing.begin();
      desk.clockSet();
    },
    live: () => ({
      secrets,
      observingUntil: observing.untilAt,
      hostAuthor: options.author ?? null,
      online: desk.online,
      lastSeen: desk.lastSeen,
    }),
  });
  const streamListeners = new Set<StreamListener>();
  const onEvents: StreamListener = (runId, events) =>
    streamListeners.forEach((listener) => listener(runId, events));
  const common = { scheduler, db, loop };
  const desk: RunnerDesk = makeDesk(options, {
    ...common,
    ...{ streams, policy, epoch, onEvents },
  });
  const executor = makeExecutor(options, {
    ...common,
    desk,
    acceptByMs: () => policy().acceptByMs,
  });
  // After the answers: a runner is told of its hello before it is offered a run.
  loop.onTick(() => scheduler.soon(() => executor.kick()));
  await useScriptedModel(options, loop, db);
  const seen = { streams, streamListeners, townId, epoch, images, policies };
  const core = makeCore({ options, db, loop, desk, ...seen });
  purgeStreams({ ...common, streams });
  loop.wake();
  const stop = () => {
    executor.stop();
    loop.stop();
    scheduler.stop();
    db.update(town).set({ stoppedCleanly: true }).where(eq(town.id, townId)).run();
    streams.close();
    closeDatabase(raw);
    return Promise.resolve();
  };
  return { core, stop };
}

function imageContext(
  { appVersion, clock, log }: TownOptions,
  { secrets, policy, observing }: { secrets: SecretReader; policy: Policy; observing: Observing },
): ImageContext {
  return {
    ...{ secrets, appVersion, policy, slots: policy.slots },
    now: clock.now(),
    observingUntil: observing.untilAt,
    unreadable: (kind, id, error) =>
      log.error({ kind, id, err: String(error) }, "a row cannot be read and is not shown"),
  };
}

/** Every round asks whether the model's key can be read: the last answer is kept. */
function rememberLast(open: SecretReader): SecretReader {
  let last: { rowId: string; sealed: string; opened: string | null } | null = null;
  return (rowId, sealed) => {
    if (last?.rowId !== rowId || last.sealed !== sealed)
      last = { rowId, sealed, opened: open(rowId, sealed) };
    return last.opened;
  };
}

function makeDesk(
  { auth, author, clock, log, runnerPort: port, data, blobs: given }: TownOptions,
  parts: Omit<DeskPorts, "auth" | "hostAuthor" | "blobs" | "clock" | "log" | "port">,
): RunnerDesk {
  const beside = () => (typeof data === "string" ? fileBlobs(join(data, "blobs")) : memoryBlobs());
  const blobs = given ?? beside();
  const hostAuthor = author ?? null;
  const desk = new RunnerDesk({ ...parts, auth, hostAuthor, blobs, clock, log, port });
  desk.snapshots.sweep();
  return desk;
}

function makeExecutor(
  { clock, log, runnerPort: port }: TownOptions,
  parts: {
    scheduler: Scheduler;
    db: Db;
    loop: TownLoop;
    desk: RunnerDesk;
    acceptByMs: () => number;
  },
): Executor {
  const { desk, ...rest } = parts;
  return new Executor({
    ...rest,
    port,
    clock,
    log,
    online: () => desk.online,
    writes: effectWrites,
  });
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
      fallbackModel: null,
      prices: {},
      roles: { mayor: null, polecat: null, refinery: null, triage: null },
    });
    return ok(null);
  });
}
