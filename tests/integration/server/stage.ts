// A real town on a real database and real auth; only the runner is played by the test.
import type { Database } from "bun:sqlite";
import { join } from "node:path";
import {
  encodeId,
  refuse,
  RUNNER_RIGHTS,
  type Ack,
  type PurgeFrame,
  type Purged,
  type Browsed,
  type BrowseFrame,
  type AnyImage,
  type CommandInput,
  type CommandName,
  type CommandValue,
  type FactBody,
  type FactOf,
  type Fence,
  type Hello,
  type ForgetFrame,
  type MailFrame,
  type Offer,
  type OfferAnswer,
  type RunnerRight,
  type RunSpec,
  type StopFrame,
  type TryRemoteFrame,
  type TurnFrame,
} from "../../../protocol/index.ts";
import { openAuth, type Auth } from "../../../server/auth/auth.ts";
import type { Clock, Log, Random, RunnerPort, Scheduler, TownCore } from "../../../server/core.ts";
import type { Policy } from "../../../server/model/policy.ts";
import { systemScheduler } from "../../../server/scheduler.ts";
import type { TownOptions } from "../../../server/town-options.ts";
import { openTown, type OpenTown } from "../../../server/town.ts";
import { tempDir, type TempDir } from "../../support/temp-dir.ts";

export const HEAD = "a".repeat(40);
export const BASE = "b".repeat(40);
const owner = { principal: "owner", actor: "person:owner" } as const;
const chance: Random = {
  unit: () => Math.random(),
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};

/** The host's clocks, which a test may set forward. */
class MovingClock implements Clock {
  aheadMs = 0;
  /** What somebody has set the host's clock forward, or back, by. */
  setMs = 0;
  #still: { now: number; mono: number } | null = null;
  now(): number {
    return this.#still?.now ?? Date.now() + this.aheadMs + this.setMs;
  }
  mono(): number {
    return this.#still?.mono ?? performance.now() + this.aheadMs;
  }
  /** No time passes any more. */
  stopAll(): void {
    this.#still = { now: this.now(), mono: this.mono() };
  }
}

/** The way to runners: keeps what is sent, and answers as the test says. */
class PlayedPort implements RunnerPort {
  readonly offers: Offer[] = [];
  readonly stops: StopFrame[] = [];
  readonly turns: TurnFrame[] = [];
  readonly mails: MailFrame[] = [];
  answerOffer: (offer: Offer) => Ack<OfferAnswer> = () => ({ ok: true, value: { accepted: true } });
  happened: () => void = () => undefined;

  offer(_: string, frame: Offer): Promise<Ack<OfferAnswer>> {
    this.offers.push(frame);
    this.happened();
    return Promise.resolve(this.answerOffer(frame));
  }
  stop(_: string, frame: StopFrame): Promise<Ack<null>> {
    this.stops.push(frame);
    this.happened();
    return Promise.resolve({ ok: true, value: null });
  }
  turn(_: string, frame: TurnFrame): Promise<Ack<null>> {
    this.turns.push(frame);
    this.happened();
    return Promise.resolve({ ok: true, value: null });
  }
  mail(_: string, frame: MailFrame): Promise<Ack<null>> {
    this.mails.push(frame);
    this.happened();
    return Promise.resolve({ ok: true, value: null });
  }
  readonly forgets: ForgetFrame[] = [];
  forget(_: string, frame: ForgetFrame): Promise<Ack<null>> {
    this.forgets.push(frame);
    this.happened();
    return Promise.resolve({ ok: true, value: null });
  }
  readonly purges: { runnerId: string; frame: PurgeFrame }[] = [];
  answerPurge: (frame: PurgeFrame) => Ack<Purged> = () => ({ ok: true, value: { kept: [] } });
  purge(runnerId: string, frame: PurgeFrame): Promise<Ack<Purged>> {
    this.purges.push({ runnerId, frame });
    this.happened();
    return Promise.resolve(this.answerPurge(frame));
  }
  diff(): ReturnType<RunnerPort["diff"]> {
    return Promise.resolve({ ok: true, value: { files: [], diff: "", truncated: false } });
  }
  readonly looks: BrowseFrame[] = [];
  answerBrowse: (frame: BrowseFrame) => Ack<Browsed> = () => refuse("offline", "Nobody looks.");
  /** Who was asked to look. */
  readonly asked: string[] = [];
  browse(runnerId: string, frame: BrowseFrame): Promise<Ack<Browsed>> {
    this.asked.push(runnerId);
    this.looks.push(frame);
    return Promise.resolve(this.answerBrowse(frame));
  }
  /** Credentials that were to be tried. */
  readonly tried: { runnerId: string; frame: TryRemoteFrame }[] = [];
  answerTry: (frame: TryRemoteFrame) => Ack<null> = () => ({ ok: true, value: null });
  tryRemote(runnerId: string, frame: TryRemoteFrame): Promise<Ack<null>> {
    this.tried.push({ runnerId, frame });
    return Promise.resolve(this.answerTry(frame));
  }
  close(): void {
    this.happened();
  }
}

/** The host's own event loop, of which one may wait until nothing is to be done at once. */
class WatchedScheduler implements Scheduler {
  /** Timers that may still fire. */
  timers = 0;
  #soon = 0;
  #idle: (() => void)[] = [];
  soon(act: () => void): void {
    this.#soon += 1;
    systemScheduler.soon(() => {
      act();
      this.#soon -= 1;
      if (this.#soon === 0) for (const resolve of this.#idle.splice(0)) resolve();
    });
  }
  after(ms: number, act: () => void): () => void {
    this.timers += 1;
    let isOver = false;
    const over = () => {
      if (!isOver) this.timers -= 1;
      isOver = true;
    };
    const cancel = systemScheduler.after(ms, () => {
      over();
      act();
    });
    return () => {
      over();
      cancel();
    };
  }
  async idle(): Promise<void> {
    if (this.#soon > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }
}

export class Stage implements AsyncDisposable {
  readonly dir: TempDir;
  readonly clock = new MovingClock();
  readonly #scheduler = new WatchedScheduler();
  readonly port = new PlayedPort();
  readonly errors: string[] = [];
  /** Lines of the log that only its finest level has. */
  readonly debugs: Record<string, unknown>[] = [];
  readonly warnings: string[] = [];
  /** Databases that the test has opened, instead of those in its directory. */
  data: { town: Database; events: Database } | null = null;
  readonly #policy: Partial<Policy>;
  readonly #random: Random;
  #town: OpenTown | null = null;
  #auth: Auth | null = null;
  #waiting: (() => void)[] = [];

  /** Another way to open the town: counts from the next start on. */
  opens: (options: TownOptions) => Promise<OpenTown> = openTown;

  constructor(dir: TempDir, policy: Partial<Policy>, random: Random = chance) {
    this.dir = dir;
    this.#random = random;
    this.#policy = policy;
    this.port.happened = () => this.#happened();
  }

  get core(): TownCore {
    if (!this.#town) throw new Error("the town is not open");
    return this.#town.core;
  }
  /** How many of the town's timers may still fire. */
  get timers(): number {
    return this.#scheduler.timers;
  }
  get databaseFile(): string {
    return join(this.dir.path, "town.db");
  }

  async open(): Promise<this> {
    const { clock } = this;
    const random = this.#random;
    const log: Log = {
      debug: (fields, message) => void this.debugs.push({ ...fields, message }),
      info: () => undefined,
      warn: (fields, message) => void this.warnings.push(`${message} ${JSON.stringify(fields)}`),
      error: (_, message) => void this.errors.push(message),
    };
    const keyFile = join(this.dir.path, "key");
    this.#auth = openAuth({ dataDir: this.dir.path, clock, random, keyFile });
    this.#town = await this.opens({
      data: this.data ?? this.dir.path,
      clock,
      random,
      scheduler: this.#scheduler,
      log,
      auth: this.#auth,
      runnerPort: this.port,
      appVersion: "1.2.3",
      demo: false,
      policy: { backOffBaseMs: 1, ...this.#policy },
      modelTest: () =>
        Promise.resolve({ ok: true, value: { model: "m", answer: "", durationMs: 1 } }),
    });
    this.#town.core.onChanges(() => this.#happened());
    return this;
  }

  async stop(): Promise<void> {
    await this.#town?.stop();
    this.#auth?.close();
    this.#town = null;
    this.#auth = null;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.open();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.dir[Symbol.asyncDispose]();
  }

  /** A command as the owner gives it. */
  call<N extends CommandName>(
    name: N,
    body: CommandInput<N>,
    key?: string,
  ): Promise<Ack<CommandValue<N>>> {
    return this.core.call(name, body, owner, key) as Promise<Ack<CommandValue<N>>>;
  }

  /** The same, where a refusal is a failure of the test. */
  async do<N extends CommandName>(name: N, body: CommandInput<N>): Promise<CommandValue<N>> {
    const ack = await this.call(name, body);
    if (!ack.ok) throw new Error(`${name}: ${ack.error.code}: ${ack.error.message}`);
    return ack.value;
  }

  /** The code of a refusal; "ok" when there was none. */
  async codeOf(name: string, body: unknown, key?: string): Promise<string> {
    const ack = await this.core.call(name, body, owner, key);
    return ack.ok ? "ok" : ack.error.code;
  }

  /** Time goes by while the town has nothing to do at once: it did not stand still. */
  async pass(ms: number): Promise<void> {
    await this.#scheduler.idle();
    this.clock.aheadMs += ms;
  }

  /** Lets the town decide now, e.g. after its clock was set forward. */
  async tick(): Promise<void> {
    await this.core.call("run.stop", { run: "nobody" }, owner);
  }

  /** Resolves with the first value that is not undefined, looked for after everything that happens. */
  async until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
    for (;;) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      const seen = await look();
      if (seen !== undefined) return seen;
      await promise;
    }
  }

  /** The newest offer of a kind, once it is sent. */
  offered<K extends RunSpec["kind"]>(kind: K, after = 0): Promise<Offer & { spec: { kind: K } }> {
    const isOf = (offer: Offer): offer is Offer & { spec: { kind: K } } => offer.spec.kind === kind;
    return this.until(() => this.port.offers.slice(after).findLast(isOf));
  }

  /** A rig that is ready, with a model set: what a bead needs besides a runner. */
  async readyRig(
    runner: PlayedRunner,
    change: Partial<CommandInput<"rig.add">> = {},
  ): Promise<string> {
    await this.do("model.set", {
      provider: "openai-compatible",
      baseUrl: "http://127.0.0.1:9",
      model: "m",
    });
    const before = this.port.offers.length;
    const rig = await this.do("rig.add", { remote: "/nowhere/sample", target: "main", ...change });
    const offer = await this.offered("baseline", before);
    const fact = { target: "main", targetOid: BASE, green: true, gates: [], reason: null };
    await runner.end(offer, { kind: "baseline", ...fact });
    return rig.id;
  }

  bead(ref: string): Promise<CommandValue<"bead.get">> {
    return this.do("bead.get", { bead: ref });
  }
  async issue(ref: string) {
    const items = await this.do("bead.list", { limit: 500 });
    const found = items.find(({ id }) => id === ref);
    if (!found) throw new Error(`no bead ${ref}`);
    return found;
  }
  escalations(): string[] {
    const state = this.core.topic("town");
    const items: AnyImage[] = state.ok ? state.value.items : [];
    return items.flatMap((item) =>
      item.kind === "escalation" && item.value ? [item.value.title] : [],
    );
  }

  #happened(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

export async function openStage(policy: Partial<Policy> = {}, random = chance): Promise<Stage> {
  return new Stage(await tempDir("server"), policy, random).open();
}

/** A runner's side of the wire, with a spool in memory. */
export class PlayedRunner {
  readonly #stage: Stage;
  connection = 0;
  id = "";
  seq = 0;
  incarnation = 1;
  readonly spoolEpoch: string = crypto.randomUUID();
  tokenId: string = encodeId("token", new Uint8Array(16).fill(9));

  /** What its token says that it may be given. */
  rights: readonly RunnerRight[] = RUNNER_RIGHTS;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async hello(change: Partial<Hello> = {}): Promise<string> {
    const ack = await this.#stage.core.hello(
      {
        version: 1,
        appVersion: "1.2.3",
        runnerId: this.id === "" ? null : this.id,
        incarnation: this.incarnation,
        name: "played",
        local: true,
        isolation: "bwrap",
        isolationReason: null,
        slots: 4,
        spoolEpoch: this.spoolEpoch,
        spoolSeq: this.seq,
        lastOfferSeq: 0,
        live: [],
        ended: [],
        ...change,
      },
      this.tokenId,
      this.rights,
    );
    if (!ack.ok) return ack.error.code;
    this.id = ack.value.runnerId;
    this.connection = ack.value.connection;
    return "ok";
  }

  /** Sends facts of a run; answers the acknowledged sequence, or the code of a refusal. */
  async tell(of: { runId: string; fence: Fence }, ...bodies: FactBody[]): Promise<number | string> {
    const facts = bodies.map((body) => ({
      seq: ++this.seq,
      runId: of.runId,
      fence: of.fence,
      at: this.#stage.clock.now(),
      body,
    }));
    return this.send(facts);
  }

  async send(
    facts: Parameters<TownCore["facts"]>[1]["facts"],
    spoolEpoch = this.spoolEpoch,
  ): Promise<number | string> {
    const { connection } = this;
    const ack = await this.#stage.core.facts(this.id, { connection, spoolEpoch, facts });
    return ack.ok ? ack.value.ackedSeq : ack.error.code;
  }

  /** Ends a run as done with its result. */
  async end(offer: Offer, result: FactBody): Promise<void> {
    await this.tell(
      offer.spec,
      { kind: "started" },
      { kind: "progress", what: "tool" },
      result,
      exit("done"),
    );
  }
}

export function exit(
  outcome: Extract<FactBody, { kind: "exit" }>["outcome"],
  code: string | null = null,
): FactBody {
  const reason = code === null ? null : { code, message: `ended: ${code}`, source: "runner" };
  return { kind: "exit", outcome, reason, exit: null };
}

export const workDone: FactOf<"work_done"> = {
  kind: "work_done",
  headOid: HEAD,
  baseOid: BASE,
  branch: "gastown/run/x/y",
  summary: "sorted",
  noChangesReason: null,
  files: 1,
  additions: 1,
  deletions: 0,
};
