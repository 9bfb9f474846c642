/**
 * Records what a town is given, so that the same can be given to another: every call, frame and answer and every piece of
 * its own scheduled work, each as an entry by itself. While it records, time stands still within an entry, and chance comes
 * from a seed. Secrets are never written.
 */
import type { FactBatch } from "../../protocol/index.ts";
import { commands } from "../../protocol/index.ts";
import type { AuthPort, Clock, Random, RunnerPort, Scheduler, TownCore } from "../core.ts";
import { systemScheduler } from "../scheduler.ts";
import type { TownOptions } from "../town-options.ts";
import { FeedHash } from "./feed-hash.ts";
import { Scrub } from "./scrub.ts";
import { seededRandom } from "./seeded-random.ts";
import { newHeader, type Entry, type Header } from "./slice.ts";

/** Services that leave a line in the audit: they take a tick. */
const AUDITED: ReadonlySet<string> = new Set(["token.create", "token.revoke", "login.create"]);

export interface RecorderPorts {
  /** Takes a whole line. A failure ends the recording, never the town. */
  write(line: string): void;
  /** The recording has ended early, and why. */
  ended(reason: string): void;
}

type Unplaced = Entry extends infer E ? (E extends Entry ? Omit<E, "at" | "mono"> : never) : never;

export class Recorder {
  readonly #options: TownOptions;
  readonly #ports: RecorderPorts;
  readonly #real: Scheduler;
  readonly #scrub = new Scrub();
  readonly #hash = new FeedHash(this.#scrub);
  #at = 0;
  #mono = 0;
  #registered = 0;
  #asked = 0;
  #begun = 0;
  /** The entry from which something may still follow; 0: nothing does. */
  #underWay = 0;
  #isEnded = false;
  /** With what the town is to be opened. */
  readonly options: TownOptions;

  constructor(options: TownOptions, ports: RecorderPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#real = options.scheduler ?? systemScheduler;
    const seed = Math.floor(options.random.unit() * 2 ** 32);
    this.#look();
    this.#line(JSON.stringify(this.#header(seed)));
    this.options = {
      ...options,
      clock: this.#clock(),
      random: this.#random(seed),
      scheduler: this.#scheduler(),
      runnerPort: this.#port(options.runnerPort),
      auth: this.#auth(options.auth),
    };
  }

  /** What the doors are given instead of the town's own core. */
  core(core: TownCore): TownCore {
    core.onChanges((_epoch, changes) => {
      this.#line(JSON.stringify({ in: "state", hash: this.#hash.add(changes) } satisfies Entry));
    });
    return {
      ...core,
      call: (name, body, caller, key) => this.#call(core, name, body, caller, key),
      topic: (topic, since) => {
        this.#read();
        return core.topic(topic, since);
      },
      hello: (frame, tokenId, rights) =>
        this.#enter({ in: "hello", frame, tokenId, rights: [...rights] }, () =>
          core.hello(frame, tokenId, rights),
        ),
      facts: (runnerId, batch) =>
        this.#enter({ in: "facts", runnerId, batch: withoutWords(batch) }, () =>
          core.facts(runnerId, batch),
        ),
      heartbeat: (runnerId, frame) =>
        this.#enter({ in: "heartbeat", runnerId, frame }, () => core.heartbeat(runnerId, frame)),
      tool: (runnerId, frame) =>
        this.#enter({ in: "tool", runnerId, frame }, () => core.tool(runnerId, frame)),
      leaving: (runnerId, { connection }) =>
        this.#enter({ in: "leaving", runnerId, connection }, () =>
          core.leaving(runnerId, { connection }),
        ),
      snapshot_keep: (runnerId, frame) =>
        this.#enter({ in: "snapshot_keep", runnerId, frame }, () =>
          core.snapshot_keep(runnerId, frame),
        ),
      runnerGone: (runnerId, connection) => {
        const gone = () => Promise.resolve(core.runnerGone(runnerId, connection));
        void this.#enter({ in: "gone", runnerId, connection }, gone);
      },
      revoked: (tokenId) => this.#enter({ in: "revoked", tokenId }, () => core.revoked(tokenId)),
      joinedTwice: (tokenId) =>
        this.#enter({ in: "joined_twice", tokenId }, () => core.joinedTwice(tokenId)),
      terminalTarget: (ref) => {
        this.#read();
        return core.terminalTarget(ref);
      },
      modelGrant: (pass, model) => {
        this.#read();
        return core.modelGrant(pass, model);
      },
      modelUsed: (runId, use) =>
        this.#enter({ in: "model_used", runId, use }, () => core.modelUsed(runId, use)),
      audit: (entry) => {
        const { actor, command, subject } = entry;
        return this.#enter({ in: "audit", actor, command, subject }, () => core.audit(entry));
      },
    };
  }

  #header(seed: number): Header {
    const { appVersion, demo, policy, scriptedModel, author } = this.#options;
    return newHeader({
      ...{ appVersion, at: this.#at, mono: this.#mono, seed, demo },
      policy: { ...policy },
      scriptedModel: scriptedModel ?? null,
      author: author ?? null,
      base: null,
    });
  }

  #call(...[core, name, body, caller, key]: [TownCore, ...Parameters<TownCore["call"]>]) {
    const mode = Object.hasOwn(commands, name)
      ? commands[name as keyof typeof commands].mode
      : "query";
    if (mode !== "command" && !AUDITED.has(name)) {
      this.#read();
      return core.call(name, body, caller, key);
    }
    const clean = this.#scrub.body(name, body);
    const named = key === undefined ? {} : { key };
    return this.#enter({ in: "call", name, body: clean, caller, ...named }, () =>
      core.call(name, body, caller, key),
    );
  }

  /** Readings change nothing: they only see what time it is, unless an entry is under way. */
  #read(): void {
    if (this.#underWay === 0) this.#look();
  }

  #look(): void {
    this.#at = this.#options.clock.now();
    this.#mono = Math.round(this.#options.clock.mono());
  }

  /** In a turn of its own of the event loop: what follows from one entry has followed before the next begins. */
  #enter<T>(entry: Unplaced, act: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#real.soon(() => {
        this.#begin(entry);
        act().then(resolve, reject);
      });
    });
  }

  #begin(entry: Unplaced): void {
    const n = ++this.#begun;
    this.#underWay = n;
    this.#real.soon(() => {
      if (this.#underWay === n) this.#underWay = 0;
    });
    this.#look();
    this.#line(JSON.stringify({ ...entry, at: this.#at, mono: this.#mono }));
  }

  #line(line: string): void {
    if (this.#isEnded) return;
    try {
      this.#ports.write(`${this.#scrub.text(line)}\n`);
    } catch (error) {
      this.#isEnded = true;
      this.#ports.ended(error instanceof Error ? error.message : String(error));
    }
  }

  #clock(): Clock {
    return { now: () => this.#at, mono: () => this.#mono };
  }

  #random(seed: number): Random {
    return seededRandom(seed);
  }

  #scheduler(): Scheduler {
    const run = (n: number, act: () => void) => () => {
      this.#begin({ in: "run", n });
      act();
    };
    return {
      soon: (act) => this.#real.soon(run(this.#registered++, act)),
      after: (ms, act) => this.#real.after(ms, run(this.#registered++, act)),
    };
  }

  #port(port: RunnerPort): RunnerPort {
    const asked = <A extends unknown[], T>(ask: (...given: A) => Promise<T>) => {
      return (...given: A): Promise<T> => {
        const n = this.#asked++;
        return new Promise((resolve, reject) => {
          ask(...given).then(
            (ack) =>
              this.#real.soon(() => {
                this.#begin({ in: "answer", n, ack });
                resolve(ack);
              }),
            (error: unknown) =>
              this.#real.soon(() => {
                this.#begin({ in: "threw", n, error: String(error) });
                reject(error instanceof Error ? error : new Error(String(error)));
              }),
          );
        });
      };
    };
    return {
      offer: asked((id, frame) => port.offer(id, frame)),
      stop: asked((id, frame) => port.stop(id, frame)),
      turn: asked((id, frame) => port.turn(id, frame)),
      forget: asked((id, frame) => port.forget(id, frame)),
      purge: asked((id, frame) => port.purge(id, frame)),
      mail: asked((id, frame) => port.mail(id, frame)),
      diff: (id, frame) => port.diff(id, frame),
      browse: (id, frame) => port.browse(id, frame),
      tryRemote: (id, frame) => port.tryRemote(id, frame),
      close: (id, reason) => port.close(id, reason),
    };
  }

  /** What the town has unsealed is a secret wherever else it stands. */
  #auth(auth: AuthPort): AuthPort {
    return {
      createLogin: () => auth.createLogin(),
      createToken: (role, name, rights) => auth.createToken(role, name, rights),
      setTokenRights: (id, rights) => auth.setTokenRights(id, rights),
      listTokens: () => auth.listTokens(),
      revokeToken: (id) => auth.revokeToken(id),
      seal: (rowId, secret) => {
        this.#scrub.learn(secret);
        return auth.seal(rowId, secret);
      },
      unseal: (rowId, sealed) => {
        const secret = auth.unseal(rowId, sealed);
        if (secret !== null) this.#scrub.learn(secret);
        return secret;
      },
    };
  }
}

/** What agents say is shown, not decided upon: it is left out. */
function withoutWords(batch: FactBatch): FactBatch {
  const facts = batch.facts.map((fact) =>
    fact.body.kind === "events" ? { ...fact, body: { ...fact.body, events: [] } } : fact,
  );
  return { ...batch, facts };
}
