/**
 * What the town knows of connected runners: hello and inventory, facts and heartbeats. Runners hold no truth: every frame
 * is checked against the runs table.
 */
import { and, eq, ne } from "drizzle-orm";
import {
  ok,
  refuse,
  type AgentEvent,
  type FactBatch,
  type Fence,
  type Heartbeat,
  type Hello,
  type HostFigures,
  type LeavingFrame,
  type Result,
  type RunnerRight,
  type RunnerWelcome,
  type RunState,
} from "../../protocol/index.ts";
import type { CommandPorts } from "../commands/command.ts";
import type { Clock, Log, RunnerPort, Scheduler } from "../core.ts";
import { EventIntake } from "./event-intake.ts";
import { isNews } from "./host-figures.ts";
import { ModelDesk } from "./desks/model-desk.ts";
import { RunDesk } from "./desks/run-desk.ts";
import { refusalOf } from "./desks/run-standing.ts";
import { SnapshotDesk } from "./snapshots/snapshot-desk.ts";
import { isStorageFailure } from "./storage-refusal.ts";
import type { TownLoop } from "./town-loop.ts";
import type { Policy } from "../model/policy.ts";
import type { Blobs } from "../store/blobs/blobs.ts";
import type { Db } from "../store/database.ts";
import { runners, runs } from "../store/schema/runs.ts";
import type { Streams } from "../store/streams.ts";
import type { Tx } from "../store/tx.ts";
import { hasPendingFacts, storeFact } from "../store/writes/inbox.ts";
import { escalate } from "../store/writes/escalations.ts";
import { hastenEffects } from "../store/writes/outbox.ts";
import {
  markLeaving,
  markRevoked,
  type RunnerRow,
  markSpool,
  setRunnerHost,
  setRunnerState,
  welcomeRunner,
} from "../store/writes/runners.ts";
import { advanceRun, endRun } from "../store/writes/runs.ts";
import { rowAt } from "../store/rows.ts";

export interface DeskPorts extends CommandPorts {
  scheduler: Scheduler;
  db: Db;
  loop: TownLoop;
  port: RunnerPort;
  streams: Streams;
  blobs: Blobs;
  clock: Clock;
  log: Log;
  policy: () => Policy;
  epoch: number;
  onEvents(runId: string, events: readonly AgentEvent[]): void;
}

/** Why a hello with this token is not that runner's, or null. One that was revoked comes back with another token. */
function strangerOf(known: RunnerRow | undefined, tokenId: string): Result<never> | null {
  if (known === undefined || (known.tokenId === tokenId) === (known.revokedAt === null))
    return null;
  if (known.revokedAt !== null)
    return refuse("forbidden", "this runner was revoked: it joins again with another token.");
  return refuse("forbidden", "this runner joined with another token: start it with that one.");
}

/** After a disk that took nothing: a runner is offered nothing before it was compared. */
const COMPARE_AGAIN_MS = 1_000;

type Inventory = Pick<Hello, "spoolSeq" | "lastOfferSeq" | "live" | "ended"> & {
  /** It has forgotten every offer that an earlier one has seen. */
  isNewSpool: boolean;
};

export class RunnerDesk {
  readonly #ports: DeskPorts;
  /** Runners with a connection whose inventory was compared. */
  readonly online = new Set<string>();
  /** When runners were last heard, those included that have left: the disk may not know yet. */
  readonly lastSeen = new Map<string, number>();
  #awaiting = new Map<string, Inventory>();
  readonly #events: EventIntake;
  readonly model: ModelDesk;
  readonly snapshots: SnapshotDesk;
  readonly runs: RunDesk;

  constructor(ports: DeskPorts) {
    this.#ports = ports;
    this.#events = new EventIntake(ports);
    const { db, loop, blobs, log } = ports;
    const refusal = (runnerId: string, runId: string, fence: Fence) =>
      refusalOf(db, runnerId, { runId, fence });
    const heardAt = (runner: RunnerRow) =>
      Math.max(this.lastSeen.get(runner.id) ?? 0, runner.lastSeenAt);
    this.model = new ModelDesk({ ...ports, refusal, heardAt });
    this.runs = new RunDesk({ ...ports, online: (id) => this.online.has(id) });
    this.snapshots = new SnapshotDesk({ db, loop, blobs, log, refusal });
  }

  async hello(
    frame: Hello,
    tokenId: string,
    rights: readonly RunnerRight[],
  ): Promise<Result<RunnerWelcome>> {
    const { loop, epoch, db } = this.#ports;
    const policy = this.#ports.policy();
    const known = frame.runnerId ? rowAt(db, runners, frame.runnerId) : undefined;
    if (known && known.incarnation > frame.incarnation) {
      return refuse(
        "twin_runner",
        "a newer start of this runner is known: another process or a copy of its data runs elsewhere.",
      );
    }
    const stranger = strangerOf(known, tokenId);
    if (stranger) return stranger;
    if (known) this.online.delete(known.id);
    return loop.submit("runner.hello", (tx) => {
      // It may have been revoked meanwhile.
      const gone = strangerOf(known && rowAt(tx.db, runners, known.id), tokenId);
      if (gone) return gone;
      const row = welcomeRunner(tx, frame, { tokenId, rights });
      this.#awaiting.set(row.id, { ...frame, isNewSpool: known?.spoolEpoch !== frame.spoolEpoch });
      const ackedSeq = this.#events.greet(row);
      markSpool(tx, row.id, ackedSeq);
      if (ackedSeq >= frame.spoolSeq) this.#takeInventory(tx, row.id);
      return ok({
        runnerId: row.id,
        connection: row.connection,
        epoch,
        ackedSeq,
        heartbeatMs: policy.heartbeatMs,
        leaseTtlMs: policy.leaseTtlMs,
        drainGraceMs: policy.drainGraceMs,
        stop: this.#stops(row.id, frame.live),
      });
    });
  }

  facts(runnerId: string, batch: FactBatch): Promise<Result<{ ackedSeq: number }>> {
    const taken = this.#awaiting.has(runnerId) ? null : this.#events.take(runnerId, batch);
    if (taken !== null) return Promise.resolve(ok(taken));
    const stored = this.#ports.loop.submit("runner.facts", (tx) => {
      const row = rowAt(tx.db, runners, runnerId);
      if (!row || row.connection !== batch.connection)
        return refuse("stale_connection", "say hello again.", { retryable: true });
      if (row.spoolEpoch !== batch.spoolEpoch)
        return refuse("stale_epoch", "this spool is not the one of hello.", { retryable: true });
      const from = Math.max(row.spoolSeq, this.#events.markOf(runnerId));
      const fresh = batch.facts.filter((fact) => fact.seq > from);
      for (const fact of fresh) if (fact.body.kind !== "events") storeFact(tx, runnerId, fact);
      const spoolSeq = fresh.at(-1)?.seq ?? from;
      markSpool(tx, runnerId, spoolSeq);
      const inventory = this.#awaiting.get(runnerId);
      if (inventory && spoolSeq >= inventory.spoolSeq) this.#awaitApplied(runnerId);
      return ok({ ackedSeq: spoolSeq, from });
    });
    return stored.then((result) => {
      if (!result.ok) return result;
      const { ackedSeq, from } = result.value;
      this.#events.passed(runnerId, batch, from);
      return ok({ ackedSeq });
    });
  }

  heartbeat(
    runnerId: string,
    frame: Heartbeat,
  ): Result<{ stop: { runId: string; fence: Fence; reason: string }[]; heartbeatMs: number }> {
    const { db, clock, policy } = this.#ports;
    const row = rowAt(db, runners, runnerId);
    if (!row || row.connection !== frame.connection) {
      return refuse("stale_connection", "this connection was replaced: say hello again.", {
        retryable: true,
      });
    }
    if (this.online.has(runnerId)) this.lastSeen.set(runnerId, clock.now());
    if (row.state !== "connected") this.#lookAt(runnerId);
    if (frame.host && isNews(row.host, frame.host)) this.#hostChanged(runnerId, frame.host);
    return ok({ stop: this.#stops(runnerId, frame.runs), heartbeatMs: policy().heartbeatMs });
  }

  /** The town looks at a runner again: one that was silent is heard. */
  #lookAt(runnerId: string): void {
    const { loop, log } = this.#ports;
    loop
      .submit("runner.heard", (tx) => {
        tx.touch("runner", runnerId);
        return ok(null);
      })
      .catch((bug: unknown) =>
        log.debug({ err: String(bug) }, "a runner was heard while the town was stopping"),
      );
  }

  #hostChanged(runnerId: string, host: HostFigures): void {
    const { loop, log } = this.#ports;
    loop
      .submit("runner.host", (tx) => {
        setRunnerHost(tx, runnerId, host);
        return ok(null);
      })
      .catch((bug: unknown) => log.debug({ err: String(bug) }, "figures of a host were not kept"));
  }

  /** The runner stops: nothing new for it on this connection. */
  leaving(runnerId: string, { connection }: LeavingFrame): Promise<Result<null>> {
    return this.#ports.loop.submit("runner.leaving", (tx) => {
      if (rowAt(tx.db, runners, runnerId)?.connection === connection) markLeaving(tx, runnerId);
      return ok(null);
    });
  }

  gone(runnerId: string, connection: number): void {
    const { db, loop, clock } = this.#ports;
    const row = rowAt(db, runners, runnerId);
    if (!row || row.connection !== connection) return;
    const seen = (this.online.has(runnerId) ? this.lastSeen.get(runnerId) : null) ?? clock.now();
    this.lastSeen.set(runnerId, seen);
    this.online.delete(runnerId);
    this.#awaiting.delete(runnerId);
    loop
      .submit("runner.gone", (tx) => {
        const now = rowAt(tx.db, runners, runnerId);
        if (now?.connection === connection)
          setRunnerState(tx, runnerId, now.state, Math.min(seen, tx.now));
        return ok(null);
      })
      .catch((bug: unknown) =>
        this.#ports.log.debug({ err: String(bug) }, "a runner left while the town was stopping"),
      );
  }

  /** Its token is worthless: those who joined with it are lost, and their runs are replaced at once. */
  async revoked(tokenId: string): Promise<void> {
    await this.#ports.loop.submit("runner.revoked", (tx) => {
      this.#revoke(tx, tokenId);
      return ok(null);
    });
  }

  #revoke(tx: Tx, tokenId: string): RunnerRow | undefined {
    const members = markRevoked(tx, tokenId);
    for (const { id } of members) this.online.delete(id);
    return members[0];
  }

  /** A stolen token, or a copied one: neither of those who used it is trusted any more, and people are told. */
  async joinedTwice(tokenId: string): Promise<void> {
    await this.#ports.loop.submit("runner.joined_twice", (tx) => {
      const members = tx.db.select().from(runners).where(eq(runners.tokenId, tokenId)).all();
      const known = this.#revoke(tx, tokenId) ?? members[0];
      escalate(tx, {
        title: "A runner's token was used twice",
        body: `Two runners joined with one token${known ? `, that of ${known.name}` : ""}: it was copied, or stolen. Both are shut out. Look at both hosts, then give each runner a token of its own.`,
        severity: "high",
        source: "runner/joined-twice",
        subjectId: known?.id ?? null,
        rigId: null,
        holdsWhile: null,
        key: `runner/joined-twice ${tokenId}`,
      });
      return ok(null);
    });
  }

  /** Nobody was heard later than now, whatever the clock said then. */
  clockSet(): void {
    const now = this.#ports.clock.now();
    for (const [id, at] of this.lastSeen) if (at > now) this.lastSeen.set(id, now);
  }

  #stops(runnerId: string, held: Heartbeat["runs"]): RunnerWelcome["stop"] {
    return held.flatMap(({ runId, fence }) => {
      const reason = refusalOf(this.#ports.db, runnerId, { runId, fence });
      return reason ? [{ runId, fence, reason }] : [];
    });
  }

  /** The spool is stored; its facts are applied within the same tick, so compare in the next. */
  #awaitApplied(runnerId: string): void {
    this.#ports.scheduler.soon(() => {
      const inventory = this.#awaiting.get(runnerId);
      this.#ports.loop
        .submit("runner.inventory", (tx) => {
          this.#takeInventory(tx, runnerId);
          return ok(null);
        })
        .catch((bug: unknown) => {
          const { log, scheduler } = this.#ports;
          if (isStorageFailure(bug) && inventory && !this.#awaiting.has(runnerId)) {
            this.#awaiting.set(runnerId, inventory);
            this.online.delete(runnerId);
            scheduler.after(COMPARE_AGAIN_MS, () => this.#awaitApplied(runnerId));
          }
          log.error({ err: String(bug), runner: runnerId }, "the inventory could not be compared");
        });
    });
  }

  /** Only a run absent from live and ended, though its offer had arrived, is lost. Source: runs.md. */
  #takeInventory(tx: Tx, runnerId: string): void {
    const inventory = this.#awaiting.get(runnerId);
    if (!inventory) return;
    // A fact that is stored and not applied yet may be the end of a run that is not held any more.
    if (hasPendingFacts(tx, runnerId)) return this.#awaitApplied(runnerId);
    this.#awaiting.delete(runnerId);
    const held = new Set([...inventory.live, ...inventory.ended].map((run) => run.runId));
    const isForgotten = (state: RunState) => inventory.isNewSpool && state !== "offered";
    const mine = tx.db
      .select({ id: runs.id, state: runs.state, offerSeq: runs.offerSeq })
      .from(runs)
      .where(and(eq(runs.runnerId, runnerId), ne(runs.state, "ended")))
      .all();
    tx.rule = "run/lose-absent";
    for (const run of mine) {
      if (held.has(run.id)) advanceRun(tx, run.id, "accepted", null);
      // Of an offer that came later this hello says nothing: it was held up, or the offer was.
      else if (run.offerSeq <= inventory.lastOfferSeq || isForgotten(run.state)) {
        endRun(tx, run.id, "lost", {
          code: "absent",
          message: "the runner came back without this run",
          source: "run/lose-absent",
        });
      }
    }
    tx.rule = null;
    hastenEffects(tx, runnerId);
    this.lastSeen.set(runnerId, tx.now);
    this.online.add(runnerId);
    setRunnerState(tx, runnerId, "connected", tx.now);
  }
}
