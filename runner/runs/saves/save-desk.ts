/**
 * The saved work of this runner: writes down what was saved, tells the town, and copies it to the rig's
 * repository behind the runs' backs, rig by rig, until it is there. Nobody who works waits for a copy.
 */
import { refuse, type Ack } from "../../../protocol/error.ts";
import type { SavedKept } from "../../../protocol/entities/saved-work.ts";
import { LEFT_OUT_MAX } from "../../../protocol/entities/saved-work.ts";
import type { ForgetFrame } from "../../../protocol/runner-frames.ts";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import { SAVED_COPY_BACK_OFF, SAVED_COPY_REFUSALS_MAX } from "../../config.ts";
import type { Clock, Random } from "../../clock.ts";
import type { GitError, Outcome } from "../../git/outcome.ts";
import type { Oid } from "../../git/porcelain.ts";
import type { SavedProof } from "../../git/proof.ts";
import { remotePlace } from "../../git/push.ts";
import type { RunRepository } from "../../git/run-repo.ts";
import type { Unsaved } from "../../git/snapshot.ts";
import type { Log } from "../../log.ts";
import { backOffMs } from "../../session/back-off.ts";
import type { Lease } from "../../session/lease.ts";
import type { KeptSave, SaveBook } from "../../spool/save-book.ts";
import type { Spool } from "../../spool/spool.ts";
import type { RigDesk } from "../../works/rig-desk.ts";
import type { Works } from "../../works/works.ts";
import type { LiveRun } from "../live-run.ts";
import { copySave } from "./copy-save.ts";
import { deleteGiven, givenRefs } from "./forget-given.ts";
import { forgetSave } from "./forget-save.ts";

export interface SaveDeskDeps {
  works: Works;
  rigs: RigDesk;
  spool: Spool;
  saves: SaveBook;
  lease: Lease;
  clock: Clock;
  random: Random;
  log: Log;
}

type WorkRun = LiveRun<RunSpecOf<"work">>;

/** What failed of a commit, and when it is tried again. */
interface Trouble {
  oid: Oid;
  tries: number;
  refusals: number;
  reason: string;
  /** Null: not before a newer save, or the next start. */
  nextAt: number | null;
}

export class SaveDesk {
  readonly #deps: SaveDeskDeps;
  readonly #closing = new AbortController();
  readonly #lanes = new Set<string>();
  readonly #troubles = new Map<string, Trouble>();
  readonly #settled = new Map<string, Set<() => void>>();
  #callOff: () => void = () => undefined;

  constructor(deps: SaveDeskDeps) {
    this.#deps = deps;
  }

  /** Goes on with what an earlier start has left. */
  start(): void {
    this.#look();
  }

  /** Nothing more is begun or written. To be called before the spool is closed. */
  close(): void {
    this.#closing.abort();
    this.#callOff();
  }

  /**
   * Work of a run was saved on this runner: on disk with the fact that tells it when this returns.
   * `carried`: it leaves this runner as the run's branch, unless it is said again without. `anew`: it is told
   * though nothing has changed, because it could not be saved for a while.
   */
  async saved(
    run: WorkRun,
    tree: Pick<RunRepository, "rig" | "base" | "start" | "continues">,
    { proof, left = [] }: { proof: SavedProof; left?: readonly Unsaved[] },
    { carried = false, anew = false }: { carried?: boolean; anew?: boolean } = {},
  ): Promise<void> {
    const { spec, fence } = run;
    const kept: SavedKept | null = spec.rig.savedKept;
    const copies = kept === null && !carried;
    const known = this.#deps.saves.find(spec.runId);
    if (known?.oid === proof.oid && known.copies === copies && !anew) return;
    const save: Omit<KeptSave, "heldOid"> = {
      ...{ runId: spec.runId, fence, beadId: spec.bead.id },
      rig: { id: spec.rig.id, remote: spec.rig.remote },
      ...{ baseOid: tree.base, sinceOid: sinceOf(spec, tree), oid: proof.oid, copies },
    };
    const lines = await this.#lines(tree, tree.base, proof.oid);
    const since = known?.heldOid ?? save.sinceOid;
    const atRisk = since === proof.oid ? 0 : await this.#lines(tree, since, proof.oid);
    const named = left.slice(0, LEFT_OUT_MAX);
    run.factNow(
      {
        kind: "saved_work",
        ...{ ref: proof.ref, oid: proof.oid, baseOid: tree.base, lines, atRisk, kept },
        continues: tree.continues,
        left: named.map(({ path, reason }) => ({ path: path.slice(0, 1_000), reason })),
      },
      () => this.#deps.saves.put(save),
    );
    this.#look();
  }

  /** The run's branch, with this commit, is in the rig's repository. */
  carriedOut(run: WorkRun, oid: Oid): void {
    const save = this.#deps.saves.find(run.spec.runId);
    if (save?.oid === oid && save.heldOid !== oid) this.#tellHeld(save);
  }

  /** Deletes the saved work of a run that has ended, and what it was given, here and in the rig's repository. Safe to repeat. */
  async forget({ runId, given }: Pick<ForgetFrame, "runId" | "given">): Promise<Ack<null>> {
    const { saves, lease } = this.#deps;
    const save = saves.find(runId);
    const rigId = save?.rig.id ?? given?.rig.id;
    if (rigId === undefined) return { ok: true, value: null };
    const isBusy = this.#lanes.has(rigId);
    if (isBusy || !lease.valid || this.#closing.signal.aborted)
      return refuse("busy", "Saved work is being copied.", { retryable: true });
    const gone = await this.#delete(runId, save, given);
    if (!gone.ok) return refuse("offline", gone.error.message, { retryable: true });
    if (!this.#closing.signal.aborted) saves.drop(runId);
    this.#troubles.delete(runId);
    return { ok: true, value: null };
  }

  async #delete(
    runId: string,
    save: KeptSave | null,
    given: ForgetFrame["given"],
  ): Promise<Outcome<object>> {
    const gone = save === null ? { ok: true as const } : await forgetSave(this.#deps, save);
    if (!gone.ok || given === null) return gone;
    const { works, rigs } = this.#deps;
    const opened = await rigs.open(given.rig);
    if (!opened.ok) return opened;
    const { rig } = opened;
    const place = given.isHere
      ? { url: rig.storeDir }
      : remotePlace(rig, "save", { runId, fence: given.fence });
    const left = await givenRefs(works, place, given.beadId);
    return left.ok ? deleteGiven(works, rig, place, left.refs) : left;
  }

  /** Copies nothing of a rig any more; false while a copy of it is under way. */
  leaveRig(rigId: string): boolean {
    if (this.#lanes.has(rigId)) return false;
    this.#deps.saves.dropRig(rigId);
    return true;
  }

  /** Resolves when the newest save of the run was copied, or a try has failed, or after `ms`. */
  async settled(runId: string, ms: number): Promise<void> {
    const save = this.#deps.saves.find(runId);
    if (save === null || !this.#isDue(save) || !this.#deps.lease.valid) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#settled.get(runId) ?? new Set();
    this.#settled.set(runId, waiting.add(resolve));
    const callOff = this.#deps.clock.after(ms, resolve);
    await promise;
    callOff();
    waiting.delete(resolve);
    if (waiting.size === 0) this.#settled.delete(runId);
  }

  /** Lines that differ: one at least where the commits do, or cannot be compared. */
  async #lines({ rig }: Pick<RunRepository, "rig">, from: Oid, to: Oid): Promise<number> {
    const stat = await this.#deps.works.history.diffStat(rig, from, to, 0);
    return stat.ok ? Math.max(1, stat.stat.added + stat.stat.removed) : 1;
  }

  /** Begins what is due, one lane per rig, and sleeps until the next that will be. */
  #look(): void {
    if (this.#closing.signal.aborted) return;
    this.#callOff();
    const owed = this.#deps.saves.owed();
    for (const { rig } of owed.filter((save) => this.#isDue(save)))
      if (!this.#lanes.has(rig.id)) void this.#copyAll(rig.id);
    const next = owed.flatMap(({ runId, oid }) => {
      const trouble = this.#troubles.get(runId);
      return trouble?.oid === oid && trouble.nextAt !== null ? [trouble.nextAt] : [];
    });
    const waitMs = Math.min(...next) - this.#deps.clock.mono();
    if (waitMs > 0 && Number.isFinite(waitMs))
      this.#callOff = this.#deps.clock.after(waitMs, () => this.#look());
  }

  #isDue({ runId, oid, heldOid, copies }: KeptSave): boolean {
    if (!copies || heldOid === oid) return false;
    const trouble = this.#troubles.get(runId);
    if (trouble?.oid !== oid) return true;
    return trouble.nextAt !== null && trouble.nextAt <= this.#deps.clock.mono();
  }

  async #copyAll(rigId: string): Promise<void> {
    const { saves, lease, log } = this.#deps;
    const { signal } = this.#closing;
    this.#lanes.add(rigId);
    try {
      // What is written outside needs the town's word, whose runs it may be.
      while (await lease.whenValid(signal)) {
        const next = saves.owed().find((each) => each.rig.id === rigId && this.#isDue(each));
        if (next === undefined) break;
        await this.#copy(next);
      }
    } catch (error) {
      // A bug here must cost no run its work: it is on this disk, and tried again after the next save or start.
      log.error("copying saved work failed", { rigId, error: String(error) });
      return;
    } finally {
      this.#lanes.delete(rigId);
    }
    this.#look();
  }

  async #copy(save: KeptSave): Promise<void> {
    const copied = await copySave(this.#deps, save);
    if (this.#closing.signal.aborted) return;
    if (copied.ok) this.#tellHeld(save);
    else await this.#tellTrouble(save, copied.error);
    for (const settle of this.#settled.get(save.runId) ?? []) settle();
  }

  #tellHeld(save: KeptSave): void {
    const { saves, spool } = this.#deps;
    const { runId, fence, oid } = save;
    this.#troubles.delete(runId);
    spool.appendNow(
      { runId, fence, body: { kind: "saved_copy", oid, atRisk: 0, reason: null } },
      () => saves.held(runId, oid),
    );
  }

  async #tellTrouble(save: KeptSave, error: GitError): Promise<void> {
    const { clock, random, spool, log } = this.#deps;
    const { runId, fence, oid } = save;
    const before = this.#troubles.get(runId);
    const same = before?.oid === oid ? before : null;
    const tries = (same?.tries ?? 0) + 1;
    // Who lets nobody in may be told another credential at any time.
    const mayPass = error.retryable || error.code === "authentication";
    const refusals = (same?.refusals ?? 0) + (mayPass ? 0 : 1);
    const waitMs = backOffMs(tries, SAVED_COPY_BACK_OFF, random.unit());
    const nextAt = refusals < SAVED_COPY_REFUSALS_MAX ? clock.mono() + waitMs : null;
    const reason = `${error.message} ${error.next}`.slice(0, 1_000);
    this.#troubles.set(runId, { oid, tries, refusals, reason, nextAt });
    if (same?.reason === reason) return;
    log.warn("saved work was not copied", { runId, why: error.message });
    const atRisk = await this.#linesOf(save);
    if (this.#closing.signal.aborted) return;
    void spool.append({ runId, fence, body: { kind: "saved_copy", oid, atRisk, reason } });
  }

  async #linesOf(save: KeptSave): Promise<number> {
    const opened = await this.#deps.rigs.open(save.rig);
    return opened.ok ? this.#lines(opened, save.heldOid ?? save.sinceOid, save.oid) : 1;
  }
}

/** What the rig's repository holds of a tree before anything of its run is copied. */
function sinceOf(
  { savedWork }: RunSpecOf<"work">,
  { base, start, continues }: Pick<RunRepository, "base" | "start" | "continues">,
): Oid {
  const isThere = continues !== null && savedWork?.oid === continues && savedWork.onRemote;
  return isThere ? start : base;
}
