/** A town in memory for tests of the edges: remembers what reached it and publishes what a test commits. */
import type { SeenTrouble } from "../../../server/model/provider.ts";
import {
  commands,
  encodeId,
  ok,
  refuse,
  type Ack,
  type AgentEvent,
  type AnyImage,
  type CommandName,
  type Hello,
  type Topic,
} from "../../../protocol/index.ts";
import type {
  AuditEntry,
  Caller,
  FeedChange,
  TerminalTarget,
  ModelGrant,
  RelayedUse,
  TownCore,
} from "../../../server/core.ts";

export const townId = encodeId("town", new Uint8Array(16).fill(7));

export class MemoryTown implements TownCore {
  readonly townId = townId;
  readonly epoch = 1;
  readonly calls: { name: string; body: unknown; caller: Caller; key: string | undefined }[] = [];
  readonly gone: { runnerId: string; connection: number }[] = [];
  readonly images: { version: number; topics: Topic[]; image: AnyImage }[] = [];
  readonly events = new Map<string, AgentEvent[]>();
  /** What commands answer by name; null unless set. */
  readonly answers = new Map<string, () => unknown>();
  readonly hellos: Hello[] = [];
  #helloWaiters: (() => void)[] = [];
  oldestKnown = 0;
  #version = 0;
  #connection = 0;
  readonly #changeListeners = new Set<(epoch: number, changes: readonly FeedChange[]) => void>();
  readonly #streamListeners = new Set<(runId: string, events: readonly AgentEvent[]) => void>();

  call(name: string, body: unknown, caller: Caller, key?: string): Promise<Ack> {
    const known = Object.hasOwn(commands, name) ? commands[name as CommandName] : undefined;
    if (known === undefined)
      return Promise.resolve(refuse("unknown_command", `There is no command ${name}.`));
    if (!known.roles.some((role) => role === caller.principal)) {
      return Promise.resolve(refuse("forbidden", "This is not yours to ask."));
    }
    this.calls.push({ name, body, caller, key });
    return Promise.resolve(ok(this.answers.get(name)?.() ?? null));
  }

  /** Tokens that were used twice. */
  readonly twice: string[] = [];

  revoked(): Promise<void> {
    return Promise.resolve();
  }

  joinedTwice(tokenId: string): Promise<void> {
    this.twice.push(tokenId);
    return Promise.resolve();
  }

  topic(topic: Topic, since?: { epoch: number; version: number }): ReturnType<TownCore["topic"]> {
    const reset =
      since === undefined || since.epoch !== this.epoch || since.version < this.oldestKnown;
    const items = this.images
      .filter((entry) => entry.topics.includes(topic) && (reset || entry.version > since.version))
      .map((entry) => entry.image);
    return ok({ position: { epoch: this.epoch, version: this.#version }, reset, items });
  }

  onChanges(listener: (epoch: number, changes: readonly FeedChange[]) => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  streamSince(runId: string, since: number): AgentEvent[] {
    return (this.events.get(runId) ?? []).filter((event) => event.seq > since);
  }

  onStream(listener: (runId: string, events: readonly AgentEvent[]) => void): () => void {
    this.#streamListeners.add(listener);
    return () => this.#streamListeners.delete(listener);
  }

  readonly audited: AuditEntry[] = [];
  /** What terminals are asked for; null: not found. */
  target: TerminalTarget | null = null;

  audit(entry: AuditEntry): Promise<void> {
    this.audited.push(entry);
    return Promise.resolve();
  }

  terminalTarget(ref: string): ReturnType<TownCore["terminalTarget"]> {
    return this.target === null ? refuse("not_found", `There is no run ${ref}.`) : ok(this.target);
  }

  hello(...[frame]: Parameters<TownCore["hello"]>): ReturnType<TownCore["hello"]> {
    this.#connection += 1;
    this.hellos.push(frame);
    for (const tell of this.#helloWaiters.splice(0)) tell();
    const runnerId = frame.runnerId ?? encodeId("runner", new Uint8Array(16).fill(9));
    const timings = { heartbeatMs: 5_000, leaseTtlMs: 30_000, stop: [] };
    return Promise.resolve(
      ok({ runnerId, connection: this.#connection, epoch: this.epoch, ackedSeq: 0, ...timings }),
    );
  }

  /** Resolves when runners have said hello this often. */
  async greeted(times: number): Promise<void> {
    while (this.hellos.length < times) {
      await new Promise<void>((resolve) => this.#helloWaiters.push(resolve));
    }
  }

  facts(...[, batch]: Parameters<TownCore["facts"]>): ReturnType<TownCore["facts"]> {
    return Promise.resolve(ok({ ackedSeq: batch.facts.at(-1)?.seq ?? 0 }));
  }

  heartbeat(): ReturnType<TownCore["heartbeat"]> {
    return Promise.resolve(ok({ stop: [], heartbeatMs: 5_000 }));
  }

  leaving(): ReturnType<TownCore["leaving"]> {
    return Promise.resolve(ok(null));
  }

  tool(): ReturnType<TownCore["tool"]> {
    return Promise.resolve(ok({ isError: false, text: "" }));
  }

  credential(): ReturnType<TownCore["credential"]> {
    return Promise.resolve(refuse("no_model", "There is no model."));
  }

  /** Who may call the model through the town. */
  grants = new Map<string, ModelGrant>();
  modelGrant(pass: string): ReturnType<TownCore["modelGrant"]> {
    const grant = this.grants.get(pass);
    return grant ? ok(grant) : refuse("unauthenticated", "There is no such pass.");
  }

  /** What calls through the town have used. */
  uses: { runId: string; use: RelayedUse }[] = [];
  /** What the endpoint was seen to say. */
  troubles: SeenTrouble[] = [];
  modelUsed(runId: string, use: RelayedUse | SeenTrouble): ReturnType<TownCore["modelUsed"]> {
    if ("trouble" in use) this.troubles.push(use);
    else this.uses.push({ runId, use });
    for (const tell of this.#useWaiters.splice(0)) tell();
    return Promise.resolve(ok(null));
  }
  readonly #useWaiters: (() => void)[] = [];

  /** Resolves when so many uses were told. */
  async counted(times: number): Promise<void> {
    while (this.uses.length < times)
      await new Promise<void>((resolve) => this.#useWaiters.push(resolve));
  }

  secrets(): ReturnType<TownCore["secrets"]> {
    return Promise.resolve(ok({ values: {} }));
  }

  repository(): ReturnType<TownCore["repository"]> {
    return Promise.resolve(ok({ credential: null }));
  }

  snapshot_put(): ReturnType<TownCore["snapshot_put"]> {
    return Promise.resolve(ok(null));
  }

  snapshot_keep(): ReturnType<TownCore["snapshot_keep"]> {
    return Promise.resolve(ok(null));
  }

  snapshot_get(): ReturnType<TownCore["snapshot_get"]> {
    return Promise.resolve(refuse("not_found", "There is no snapshot."));
  }

  runnerGone(runnerId: string, connection: number): void {
    this.gone.push({ runnerId, connection });
  }

  /** Commits images of issue beads with the given titles, by id, into topics. */
  commit(images: { topics: Topic[]; image: AnyImage }[]): number {
    this.#version += 1;
    const changes = images.map((entry) => ({ version: this.#version, ...entry }));
    for (const change of changes) {
      const at = this.images.findIndex((entry) => entry.image.id === change.image.id);
      if (at >= 0) this.images.splice(at, 1);
      this.images.push(change);
    }
    for (const listener of this.#changeListeners) listener(this.epoch, changes);
    return this.#version;
  }

  emit(runId: string, events: AgentEvent[]): void {
    this.events.set(runId, [...(this.events.get(runId) ?? []), ...events]);
    for (const listener of this.#streamListeners) listener(runId, events);
  }
}
