/** Gives a town that nobody reaches what a slice holds, entry by entry, and compares what its change feed comes to. */
import type { SeenTrouble } from "../model/provider.ts";
import {
  ok,
  refuse,
  type Ack,
  type FactBatch,
  type Heartbeat,
  type Hello,
  type Result,
  type SnapshotKeepFrame,
  type ToolFrame,
} from "../../protocol/index.ts";
import type { AuthPort, Clock, Log, RelayedUse, RunnerPort, Scheduler, TownCore } from "../core.ts";
import { openTown } from "../town.ts";
import { FeedHash } from "./feed-hash.ts";
import { Scrub } from "./scrub.ts";
import { seededRandom } from "./seeded-random.ts";
import type { Entry, Slice } from "./slice.ts";

export interface Replayed {
  entries: number;
  /** Times that the feed was compared. */
  states: number;
  hash: string;
}

export interface ReplayOptions {
  /** An empty directory, or one with the slice's town.db in it. */
  data: string;
  log: Log;
  /** Called before the town is closed. */
  atEnd?: (core: TownCore) => Promise<void> | void;
}

/** Errors: `internal` with the entry at which the replay went another way than the recording. */
export async function replaySlice(slice: Slice, options: ReplayOptions): Promise<Result<Replayed>> {
  const play = new Replay(slice, options);
  return play.run();
}

type Placed = Exclude<Entry, { in: "state" }>;

class Replay implements Clock {
  readonly #slice: Slice;
  readonly #options: ReplayOptions;
  readonly #hash = new FeedHash(new Scrub());
  #at: number;
  #mono: number;
  #registered = 0;
  #asked = 0;
  readonly #work = new Map<number, () => void>();
  readonly #questions = new Map<number, { answer(ack: unknown): void; fail(error: Error): void }>();
  #state = "0";
  #states = 0;

  constructor(slice: Slice, options: ReplayOptions) {
    this.#slice = slice;
    this.#options = options;
    this.#at = slice.header.at;
    this.#mono = slice.header.mono;
  }

  now = () => this.#at;
  mono = () => this.#mono;

  async run(): Promise<Result<Replayed>> {
    const { header, entries } = this.#slice;
    const opening = openTown({
      ...{ data: this.#options.data, log: this.#options.log, clock: this },
      random: seededRandom(header.seed),
      scheduler: this.#scheduler(),
      auth: AUTH,
      runnerPort: this.#port(),
      ...{ appVersion: header.appVersion, demo: header.demo, policy: header.policy },
      ...(header.scriptedModel && { scriptedModel: header.scriptedModel }),
      ...(header.author && { author: header.author }),
      modelTest: () => Promise.resolve(refuse("offline", "nobody is asked in a replay.")),
    });
    let core: TownCore | null = null;
    void opening.then((town) => {
      ({ core } = town);
      core.onChanges((_epoch, changes) => {
        this.#state = this.#hash.add(changes);
      });
    });
    for (const [n, entry] of entries.entries()) {
      await followed();
      const fault = this.#enter(entry, core);
      if (fault !== null) {
        await close(opening);
        return refuse("internal", `entry ${n + 1} of ${entries.length}: ${fault}.`, {
          details: { entry: n + 1 },
        });
      }
    }
    await followed();
    if (core !== null) await this.#options.atEnd?.(core);
    await close(opening);
    return ok({ entries: entries.length, states: this.#states, hash: this.#state });
  }

  /** @returns how it went another way, or null */
  #enter(entry: Entry, core: TownCore | null): string | null {
    if (entry.in === "state") {
      this.#states += 1;
      return entry.hash === this.#state
        ? null
        : "the town's state is another one than was recorded";
    }
    this.#at = entry.at;
    this.#mono = entry.mono;
    switch (entry.in) {
      case "run": {
        const act = this.#work.get(entry.n);
        if (!act)
          return `the town has planned other work than was recorded (work ${entry.n}; it has planned ${this.#registered}, ${this.#work.size} not done)`;
        this.#work.delete(entry.n);
        act();
        return null;
      }
      case "answer":
      case "threw": {
        const question = this.#questions.get(entry.n);
        if (!question) return "the town has asked its runners something else than was recorded";
        this.#questions.delete(entry.n);
        if (entry.in === "answer") question.answer(entry.ack);
        else question.fail(new Error(entry.error));
        return null;
      }
      default:
        if (core === null) return "the town was given something before it was open";
        give(core, entry);
        return null;
    }
  }

  #scheduler(): Scheduler {
    const register = (act: () => void) => {
      const n = this.#registered++;
      this.#work.set(n, act);
      return () => void this.#work.delete(n);
    };
    return { soon: (act) => void register(act), after: (_ms, act) => register(act) };
  }

  #port(): RunnerPort {
    const ask = <T>(): Promise<Ack<T>> =>
      new Promise((resolve, reject) => {
        this.#questions.set(this.#asked++, {
          answer: (ack) => resolve(ack as Ack<T>),
          fail: reject,
        });
      });
    return {
      offer: () => ask(),
      stop: () => ask(),
      turn: () => ask(),
      mail: () => ask(),
      forget: () => ask(),
      purge: () => ask(),
      browse: () => Promise.resolve(refuse("offline", "nobody is asked in a replay.")),
      tryRemote: () => Promise.resolve(refuse("offline", "nobody is asked in a replay.")),
      diff: () => Promise.resolve(refuse("offline", "nobody is asked in a replay.")),
      close: () => undefined,
    };
  }
}

/** What was refused then is refused now: the state says whether that is so. */
function give(core: TownCore, entry: Exclude<Placed, { in: "run" | "answer" | "threw" }>): void {
  const given = (): Promise<unknown> => {
    switch (entry.in) {
      case "call":
        return core.call(entry.name, entry.body, entry.caller, entry.key);
      case "hello":
        return core.hello(entry.frame as Hello, entry.tokenId, entry.rights);
      case "facts":
        return core.facts(entry.runnerId, entry.batch as FactBatch);
      case "heartbeat":
        return core.heartbeat(entry.runnerId, entry.frame as Heartbeat);
      case "tool":
        return core.tool(entry.runnerId, entry.frame as ToolFrame);
      case "revoked":
        return core.revoked(entry.tokenId);
      case "snapshot_keep":
        return core.snapshot_keep(entry.runnerId, entry.frame as SnapshotKeepFrame);
      case "joined_twice":
        return core.joinedTwice(entry.tokenId);
      case "leaving":
        return core.leaving(entry.runnerId, { connection: entry.connection });
      case "model_used":
        return core.modelUsed(entry.runId, entry.use as RelayedUse | SeenTrouble);
      case "audit": {
        const { actor, command, subject } = entry;
        return core.audit({ actor, command, subject, text: "" });
      }
      case "gone":
        return Promise.resolve(core.runnerGone(entry.runnerId, entry.connection));
    }
  };
  given().catch(() => {
    // A bug threw then too, or the state will be another one.
  });
}

async function close(opening: ReturnType<typeof openTown>): Promise<void> {
  const town = await Promise.race([opening, followed().then(() => null)]);
  await town?.stop();
}

/** Everything that follows from what was done, and waits for nothing else, has happened. */
function followed(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Nothing is sealed in a replay, and what was sealed is not there. */
const AUTH: AuthPort = {
  createLogin: () => ({ token: "none", expiresAt: 0 }),
  createToken: () => ({ id: "none", token: "none" }),
  setTokenRights: () => undefined,
  listTokens: () => [],
  revokeToken: () => true,
  seal: () => "none",
  unseal: () => "none",
};
