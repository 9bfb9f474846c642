// A real town core on real SQLite, with hand-written edges: no sockets, a runner that the test plays.
import { openAuth } from "../../server/auth/auth.ts";
import type { Clock, RunnerPort } from "../../server/core.ts";
import type { Policy } from "../../server/model/policy.ts";
import { openTown, type OpenTown } from "../../server/town.ts";
import {
  ok,
  type Ack,
  type Fact,
  type FactBody,
  type Hello,
  type Offer,
} from "../../protocol/index.ts";
import { tempDir } from "./temp-dir.ts";

export const OWNER = { principal: "owner", actor: "person:owner" } as const;

/** The machine's clock, put forward by tests. */
export class TestClock implements Clock {
  #aheadMs = 0;
  now = () => Date.now() + this.#aheadMs;
  mono = () => performance.now() + this.#aheadMs;
  pass(ms: number): void {
    this.#aheadMs += ms;
  }
}

/** Takes offers as `answer` says, and keeps what it was sent. */
export class PlayedRunner implements RunnerPort {
  readonly offers: Offer[] = [];
  readonly stops: string[] = [];
  answer: (
    offer: Offer,
  ) => Ack<{ accepted: true } | { accepted: false; code: string; message: string }> = () =>
    ok({ accepted: true });
  #waiting: (() => void)[] = [];

  offer: RunnerPort["offer"] = (_runnerId, frame) => {
    this.offers.push(frame);
    for (const tell of this.#waiting.splice(0)) tell();
    return Promise.resolve(this.answer(frame));
  };
  stop: RunnerPort["stop"] = (_runnerId, frame) => {
    this.stops.push(frame.runId);
    return Promise.resolve(ok(null));
  };
  turn: RunnerPort["turn"] = () => Promise.resolve(ok(null));
  mail: RunnerPort["mail"] = () => Promise.resolve(ok(null));
  forget: RunnerPort["forget"] = () => Promise.resolve(ok(null));
  purge: RunnerPort["purge"] = () => Promise.resolve(ok({ kept: [] }));
  browse: RunnerPort["browse"] = (_, { wish }) =>
    Promise.resolve(
      ok({
        ...{ kind: "folder", ref: wish.ref ?? "main", oid: "a".repeat(40), path: wish.path },
        ...{ entries: [], isCut: false },
      }),
    );
  tryRemote: RunnerPort["tryRemote"] = () => Promise.resolve(ok(null));
  diff: RunnerPort["diff"] = () => Promise.resolve(ok({ files: [], diff: "", truncated: false }));
  close: RunnerPort["close"] = () => undefined;

  /** The first offer of this kind, awaited. */
  async offered(kind: Offer["spec"]["kind"]): Promise<Offer> {
    for (;;) {
      const found = this.offers.find((offer) => offer.spec.kind === kind);
      if (found) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

export interface CoreTown extends OpenTown, AsyncDisposable {
  clock: TestClock;
  runner: PlayedRunner;
  dataDir: string;
  /** Ends the town and opens it again on the same data. */
  reopen(): Promise<void>;
}

const quiet = () => undefined;

export async function coreTown(policy: Partial<Policy> = {}): Promise<CoreTown> {
  const dir = await tempDir("core-town");
  const clock = new TestClock();
  const runner = new PlayedRunner();
  const ports = {
    clock,
    random: { unit: () => 0.5, bytes: (n: number) => crypto.getRandomValues(new Uint8Array(n)) },
  };
  const auth = openAuth({ dataDir: dir.path, ...ports, keyFile: `${dir.path}/key` });
  const open = () =>
    openTown({
      data: dir.path,
      ...ports,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      auth,
      runnerPort: runner,
      appVersion: "test",
      demo: false,
      policy,
      scriptedModel: { baseUrl: "http://127.0.0.1:1/v1", model: "scripted" },
      modelTest: () => Promise.resolve(ok({ model: "m", answer: "a", durationMs: 1 })),
    });
  let town = await open();
  return {
    get core() {
      return town.core;
    },
    stop: () => town.stop(),
    clock,
    runner,
    dataDir: dir.path,
    async reopen() {
      await town.stop();
      town = await open();
    },
    async [Symbol.asyncDispose]() {
      await town.stop();
      auth.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

export function hello(change: Partial<Hello> = {}): Hello {
  return {
    version: 1,
    appVersion: "test",
    runnerId: null,
    incarnation: 1,
    name: "played",
    local: true,
    isolation: "bwrap",
    isolationReason: null,
    slots: 2,
    spoolEpoch: "spool-1",
    spoolSeq: 0,
    lastOfferSeq: 0,
    live: [],
    ended: [],
    ...change,
  };
}

/** A fact of an offered run. */
export function factOf(offer: Offer, seq: number, body: FactBody): Fact {
  return { seq, runId: offer.spec.runId, fence: offer.spec.fence, at: 0, body };
}
