/** The runs of this runner: takes offers, starts and stops runs, ends each exactly once. */
import { PROGRAM_TITLES } from "../../protocol/entities/agent-program.ts";
import { refuse, type Ack } from "../../protocol/error.ts";
import type { RunKind } from "../../protocol/run.ts";
import type { RunSpec } from "../../protocol/run-spec.ts";
import type { TryRemoteFrame } from "../../protocol/runner-frames.ts";
import type { Browsed } from "../../protocol/entities/browse.ts";
import type { PurgeFrame, Purged } from "../../protocol/entities/trash.ts";
import type {
  BrowseFrame,
  DiffAnswer,
  DiffFrame,
  ForgetFrame,
  Heartbeat,
  Offer,
  OfferAnswer,
  StopFrame,
  MailFrame,
  TurnFrame,
} from "../../protocol/runner-frames.ts";
import { DRAIN_GRACE_MS, DRAIN_MS_MAX, STOP_GRACE_MS } from "../config.ts";
import type { RunsPort } from "../session/town-session.ts";
import type { BookedRun } from "../spool/run-book.ts";
import { hasRoom, isCounted, outranks } from "./capacity.ts";
import { readBrowse } from "./browse.ts";
import { tryRemote } from "./try-remote.ts";
import { readDiff } from "./diff.ts";
import { executeRun, isKind } from "./execute.ts";
import { ending, LiveRun, type Ending, type StopOrder } from "./live-run.ts";
import { Purges } from "./purge/purges.ts";
import { recoverRun } from "./recover.ts";
import { TurnQueue } from "./turn-queue.ts";
import type { Workplace } from "./workplace.ts";

interface Held {
  run: LiveRun;
  turns: TurnQueue;
  /** A run of an earlier incarnation that is being settled: it takes no slot. */
  settling: boolean;
  ended: Promise<void>;
}

export class Runs implements RunsPort {
  readonly #place: Workplace;
  readonly #purges: Purges;
  readonly #slots: number;
  readonly #held = new Map<string, Held>();
  #draining = false;

  constructor(place: Workplace, options: { slots: number }) {
    this.#place = place;
    this.#purges = new Purges(place);
    this.#slots = options.slots;
  }

  /** Settles what an earlier incarnation left alive. To be called before the first hello. */
  recover(): void {
    for (const booked of this.#place.book.live()) this.#settle(booked);
  }

  offer(frame: Offer): Ack<OfferAnswer> {
    const { spec } = frame;
    const known = this.#place.book.answerOf(spec.runId);
    if (known !== null) return { ok: true, value: known };
    const answer = this.#judge(spec);
    this.#place.book.answer(frame, answer, this.#place.clock.now());
    if (answer.accepted) this.#begin(spec);
    return { ok: true, value: answer };
  }

  stop(order: Omit<StopFrame, "connection">): Ack<null> {
    const { runId, fence, outcome, reason } = order;
    // The tombstone first: an offer that this order has overtaken must start nothing.
    this.#place.book.entomb(runId, fence, outcome, this.#place.clock.now());
    this.#held
      .get(runId)
      ?.run.stop({ outcome, code: outcome, message: reason, graceMs: STOP_GRACE_MS });
    return { ok: true, value: null };
  }

  turn({ runId, turn }: TurnFrame): Ack<null> {
    const held = this.#held.get(runId);
    if (held?.run.spec.kind === "session" && !held.settling && held.turns.push(turn)) {
      this.#place.warm.near(null, this.#freeSlots());
      return { ok: true, value: null };
    }
    return refuse("not_found", "That run takes no more turns here. Start a new one.");
  }

  mail({ runId, fence, mail }: MailFrame): Ack<null> {
    const held = this.#held.get(runId);
    const mine = held?.run.fence.epoch === fence.epoch && held.run.fence.n === fence.n;
    if (!held || !mine || held.settling || !takesMail(held.run))
      return refuse("not_found", "That run takes no messages here.");
    held.run.mail.push(mail);
    return { ok: true, value: null };
  }

  async forget(frame: Omit<ForgetFrame, "connection">): Promise<Ack<null>> {
    if (this.#held.has(frame.runId))
      return refuse("busy", "That run has not ended here.", { retryable: true });
    return this.#place.saves.forget(frame);
  }

  async purge(frame: PurgeFrame): Promise<Ack<Purged>> {
    const runs = [...this.#held.values()];
    if (runs.some(({ run }) => "rig" in run.spec && run.spec.rig.id === frame.rigId))
      return refuse("busy", "A run of that rig has not ended here.", { retryable: true });
    return this.#purges.purge(frame);
  }

  diff(frame: DiffFrame): Promise<Ack<DiffAnswer>> {
    return readDiff(this.#place, frame);
  }

  browse(frame: BrowseFrame): Promise<Ack<Browsed>> {
    return readBrowse(this.#place, frame);
  }

  tryRemote(frame: TryRemoteFrame): Promise<Ack<null>> {
    return tryRemote(this.#place, frame);
  }

  inventory(): Heartbeat["runs"] {
    return [...this.#held.values()].map(({ run }) => ({
      runId: run.spec.runId,
      fence: run.fence,
      phase: run.phase,
      progressAgoMs: run.progressAgoMs,
    }));
  }

  /**
   * Takes no more offers and ends every run with its work saved: those that are idle at once, the others when they have not
   * ended by themselves after `graceMs`. Waits for that.
   */
  async drain(message: string, graceMs = 0): Promise<void> {
    this.#draining = true;
    const cooled = this.#place.warm.close();
    const order: StopOrder = {
      outcome: "evicted",
      code: "drained",
      message,
      graceMs: DRAIN_GRACE_MS,
    };
    for (const { run } of this.#held.values()) run.leave(order);
    const all = Promise.all([cooled, ...[...this.#held.values()].map(({ ended }) => ended)]);
    if (graceMs > 0) await this.#within(graceMs, all);
    for (const { run } of this.#held.values()) run.stop(order);
    // What does not end in time (a fetch from a slow remote) is settled by the next start.
    await this.#within(DRAIN_MS_MAX, all);
  }

  async #within(ms: number, what: Promise<unknown>): Promise<void> {
    const late = Promise.withResolvers<void>();
    const callOff = this.#place.clock.after(ms, late.resolve);
    await Promise.race([what, late.promise]);
    callOff();
  }

  #judge(spec: RunSpec): OfferAnswer {
    const { book, isolation, host, programs, warm } = this.#place;
    if (this.#draining) return no("draining", "This runner is stopping and takes nothing new.");
    const tombstone = book.tombstone(spec.runId);
    if (tombstone !== null)
      return no("stopped", "This run was stopped before it was offered here.");
    const fence = book.fenceOf(spec.resource);
    if (fence !== null && !outranks(spec.fence, fence)) {
      return no(
        "stale_fence",
        `A run with fence (${fence.epoch}, ${fence.n}) of this resource was here already.`,
      );
    }
    // One that was given up while this runner was away, or that is slow to stop: the next one begins from what it saves.
    if (book.liveOf(spec.resource) !== null)
      return no("older_run", "An older run of it is still being ended here, and its work saved.");
    if (isolation === "none" && "rig" in spec && !spec.rig.isolationConfirmed) {
      return no(
        "isolation_unconfirmed",
        "Nothing isolates agents on this host, and the rig's owner has not confirmed that.",
      );
    }
    if ("agent" in spec && !programs.includes(spec.program))
      return no("unsupported", `${PROGRAM_TITLES[spec.program]} is not installed on this host.`);
    const { refuses, agentSlots = this.#slots, agentBytes } = host();
    if (refuses !== null && (refuses.what === "everything" || isCounted(spec.kind))) {
      warm.giveWay(0);
      return no("no_capacity", `This host takes no more now: ${refuses.why}.`);
    }
    const live = this.#liveKinds();
    if (!hasRoom(spec.kind, live, this.#slots))
      return no("no_capacity", "Every place for such a run is taken here.");
    if (!hasRoom(spec.kind, live, agentSlots))
      return no("no_capacity", shortOfMemory(agentSlots, agentBytes));
    return { accepted: true };
  }

  #begin(spec: RunSpec): void {
    const run = new LiveRun(spec, this.#place);
    const turns = new TurnQueue(this.#place.clock);
    if (spec.kind === "session") for (const turn of spec.turns) turns.push(turn);
    this.#hold(run, turns, false, () => executeRun(this.#place, run, turns));
    this.#limit(run);
    const { warm } = this.#place;
    if (isKind(run, "work")) warm.learn(run.spec);
    warm.giveWay(this.#freeSlots());
    // Whoever talks to the Mayor may be about to sling.
    if (spec.kind === "session") warm.near(null, this.#freeSlots());
  }

  #liveKinds(): RunKind[] {
    const live = [...this.#held.values()].filter(({ settling }) => !settling);
    return live.map(({ run }) => run.spec.kind);
  }

  #freeSlots(): number {
    // What waits takes memory as what works does.
    const { agentSlots = this.#slots } = this.#place.host();
    const slots = Math.min(this.#slots, agentSlots);
    return slots - this.#liveKinds().filter(isCounted).length;
  }

  #settle(booked: BookedRun): void {
    const run = new LiveRun(booked.spec, this.#place);
    this.#hold(run, new TurnQueue(this.#place.clock), true, () =>
      recoverRun(this.#place, run, booked),
    );
  }

  #hold(run: LiveRun, turns: TurnQueue, settling: boolean, execute: () => Promise<Ending>): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.set(run.spec.runId, { run, turns, settling, ended: promise });
    void this.#execute(run, execute).then(resolve);
  }

  async #execute(run: LiveRun, execute: () => Promise<Ending>): Promise<void> {
    const { runId, kind } = run.spec;
    const { log } = this.#place;
    log.info("run started", { runId, kind });
    let end: Ending;
    try {
      end = this.#giveBlock(run) ? await execute() : noPorts();
    } catch (error) {
      // One of the edges where a bug is caught: it ends its run, never the runner.
      log.error("a run failed", {
        runId,
        kind,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      end = ending(
        "crashed",
        "internal",
        "A fault of the runner ended this run. Its log says more.",
      );
    }
    run.finish(end);
    if (run.given.ports !== null) this.#place.ports.giveBack(run.given.ports);
    const held = this.#held.get(runId);
    this.#held.delete(runId);
    if (held?.settling === false && "rig" in run.spec)
      this.#place.warm.near(run.spec.rig.id, this.#freeSlots());
    log.info("run ended", { runId, kind, outcome: end.outcome, code: end.reason?.code ?? null });
  }

  /** Ports of its own, where its rig wishes for some. */
  #giveBlock(run: LiveRun): boolean {
    const count = "rig" in run.spec ? run.spec.rig.environment.ports : 0;
    if (count === 0) return true;
    const block = this.#place.ports.take(count);
    if (block === null) return false;
    run.given.ports = block;
    run.fact({ kind: "ports", first: block.first, count });
    return true;
  }

  /** Ends a run that lives too long, or works on too long without its town. */
  #limit(run: LiveRun): void {
    const { wallMs, cutOffMs } = run.spec.limits;
    const agentRun = "agent" in run.spec && run.spec.kind !== "session";
    const { clock, lease } = this.#place;
    const wallOff = clock.after(wallMs, () => {
      const message = `The run was stopped after its limit of ${Math.round(wallMs / 60_000)} minutes.`;
      run.stop({
        outcome: agentRun ? "no_result" : "lost",
        code: "wall_limit",
        message,
        graceMs: STOP_GRACE_MS,
      });
    });
    let lookOff: (() => void) | null = null;
    const look = () => {
      const age = lease.ageMs;
      if (age >= cutOffMs && Number.isFinite(age)) {
        return run.stop({
          outcome: "lost",
          code: "cut_off",
          message: "The runner was cut off from its town for too long.",
          graceMs: STOP_GRACE_MS,
        });
      }
      const leftMs = Number.isFinite(age) ? cutOffMs - age : cutOffMs;
      lookOff = clock.after(Math.max(1_000, leftMs), look);
    };
    look();
    void this.#held.get(run.spec.runId)?.ended.then(() => {
      wallOff();
      lookOff?.();
    });
  }
}

function noPorts(): Ending {
  return ending("rejected", "no_capacity", "This host has no free block of ports for the run.");
}

function shortOfMemory(agentSlots: number, agentBytes: number | undefined): string {
  const each = agentBytes === undefined ? "" : ` of ${Math.round(agentBytes / 1024 ** 2)} MB`;
  const agents = agentSlots === 1 ? "one agent" : `${agentSlots} agents`;
  return `This host has memory for ${agents}${each}, and as many are at work.`;
}

function takesMail({ spec }: LiveRun): boolean {
  return spec.kind === "work" || spec.kind === "review";
}

function no(code: string, message: string): OfferAnswer {
  return { accepted: false, code, message };
}
