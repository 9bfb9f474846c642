// A town with something in every state that a command may be refused in; then its time stands still.
import { Database } from "bun:sqlite";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Offer, RunSpec } from "../../../../protocol/index.ts";
import { exit, HEAD, openStage, PlayedRunner, workDone, BASE, type Stage } from "../stage.ts";

/** Ids by what they name. */
export interface Names {
  rig: string;
  otherRig: string;
  removedRig: string;
  pausedRig: string;
  /** In the trash. */
  trashedRig: string;
  /** Being deleted: its baseline goes on. */
  leavingRig: string;
  /** Held, open. */
  open: string;
  blocked: string;
  foreign: string;
  working: string;
  closing: string;
  merging: string;
  landed: string;
  cancelled: string;
  failed: string;
  /** Deleted. */
  gone: string;
  runner: string;
  awayRunner: string;
  revokedRunner: string;
  agent: string;
  foreignAgent: string;
  idleAgent: string;
  retiredAgent: string;
  mayor: string;
  review: string;
  mergedReview: string;
  staged: string;
  /** One of its tasks has failed. */
  active: string;
  failedTask: string;
  openTask: string;
  workingTask: string;
  /** With 50 tasks. */
  full: string;
  cancelledConvoy: string;
  pausedConvoy: string;
  /** Its landing is merging. */
  landing: string;
  landingBead: string;
  /** A task of a convoy with a branch of its own. */
  branchTask: string;
  /** It asks: one step has failed, one is skipped, one is open. */
  molecule: string;
  failedStep: string;
  openStep: string;
  stagedMolecule: string;
  stagedStep: string;
  cancelledMolecule: string;
  doneMolecule: string;
  run: string;
  endedRun: string;
  mergeRun: string;
  acknowledged: string;
  escalation: string;
  resolved: string;
  question: string;
  permission: string;
  withdrawn: string;
  answer: string;
  mail: string;
  triage: string;
}

export interface World extends AsyncDisposable {
  stage: Stage;
  names: Names;
  watched: Watched;
}

/** The key of a command that was applied. */
export const USED_KEY = "a-key-that-was-used";

export async function openWorld(): Promise<World> {
  const stage = await openStage({ workAttemptsMax: 1, slots: 64, codeSlotsPerRunner: 3 });
  const runner = new PlayedRunner(stage);
  await runner.hello({ slots: 64 });
  const names = await new Builder(stage, runner).build();
  stage.clock.stopAll();
  await stage.tick();
  return worldOf(stage, names);
}

/** A town that was opened and never asked for anything. */
export async function openPlain(): Promise<World> {
  const stage = await openStage();
  stage.clock.stopAll();
  await stage.tick();
  return worldOf(stage, null);
}

function worldOf(stage: Stage, names: Names | null): World {
  const watched = new Watched(stage.databaseFile, join(stage.dir.path, "auth.db"));
  return {
    stage,
    watched,
    get names(): Names {
      if (names === null) throw new Error("nothing has a name here");
      return names;
    },
    async [Symbol.asyncDispose]() {
      watched.close();
      await stage[Symbol.asyncDispose]();
    },
  };
}

/** Every row of every table of these files but the audit's, read beside the town. */
class Watched {
  readonly #files: readonly Database[];
  #version = "";
  #rows: Record<string, unknown[]> = {};

  constructor(...files: string[]) {
    this.#files = files.map((file) => new Database(file, { readonly: true }));
    this.#rows = this.#read();
    this.#version = this.#versionNow();
  }

  /** Whether a row is another than at the beginning: then both, else null. SQLite knows when nothing at all was written. */
  changed(): { before: Record<string, unknown[]>; after: Record<string, unknown[]> } | null {
    const version = this.#versionNow();
    if (version === this.#version) return null;
    const after = this.#read();
    this.#version = version;
    return JSON.stringify(after) === JSON.stringify(this.#rows)
      ? null
      : { before: this.#rows, after };
  }

  close(): void {
    for (const db of this.#files) db.close();
  }

  #versionNow(): string {
    return this.#files.map((db) => JSON.stringify(db.query("PRAGMA data_version").get())).join();
  }

  #read(): Record<string, unknown[]> {
    const all = this.#files.flatMap((db) =>
      db
        .query<{ name: string }, []>(
          "select name from sqlite_master where type = 'table' and name not in ('audit', 'sqlite_sequence')",
        )
        .all()
        .map(({ name }) => [name, db.query(`select * from "${name}"`).all()]),
    );
    return Object.fromEntries(all) as Record<string, unknown[]>;
  }
}

type Of<K extends RunSpec["kind"]> = Offer & { spec: { kind: K } };
const green = { green: true, gates: [], conflicts: [], reason: null };

class Builder {
  readonly #stage: Stage;
  readonly #runner: PlayedRunner;
  #rig = "";

  constructor(stage: Stage, runner: PlayedRunner) {
    this.#stage = stage;
    this.#runner = runner;
  }

  async build(): Promise<Names> {
    const stage = this.#stage;
    this.#rig = await stage.readyRig(this.#runner, { slots: 64 });
    const rigs = await this.#rigs();
    const runners = {
      runner: this.#runner.id,
      awayRunner: await this.#away(),
      revokedRunner: await this.#revoked(),
    };
    const beads = await this.#beads(rigs.otherRig);
    const convoys = await this.#convoys(rigs.otherRig);
    const molecules = await this.#molecules(rigs.pausedRig);
    const words = await this.#words(beads.working);
    const agents = await this.#agents();
    // Nothing is dispatched any more, and what a stop or a resumption would be refused for is there.
    await stage.do("town.stop", {});
    await stage.call("bead.comment", { bead: beads.open, text: "the first" }, USED_KEY);
    await stage.until(() => (this.#owed() === 0 ? true : undefined));
    const what = { ...beads, ...convoys, ...molecules, ...agents, ...words };
    return { rig: this.#rig, ...rigs, ...runners, ...what };
  }

  /** A runner that is given nothing. */
  async #away(): Promise<string> {
    const away = new PlayedRunner(this.#stage);
    await away.hello({ name: "away" });
    await this.#stage.do("runner.drain", { runner: away.id });
    return away.id;
  }

  async #revoked(): Promise<string> {
    const { id } = await this.#stage.do("token.create", { role: "runner", name: "revoked" });
    const revoked = new PlayedRunner(this.#stage);
    revoked.tokenId = id;
    await revoked.hello({ name: "revoked" });
    await this.#stage.do("token.revoke", { id });
    return revoked.id;
  }

  /** Effects that are not confirmed yet. */
  #owed(): number {
    const db = new Database(this.#stage.databaseFile, { readonly: true });
    const due = "select id from outbox where state = 'owed' and kind <> 'run.forget'";
    const owed = db.query(due).all().length;
    db.close();
    return owed;
  }

  async #rigs() {
    const stage = this.#stage;
    const add = async (name: string) => {
      const before = stage.port.offers.length;
      const { id } = await stage.do("rig.add", {
        remote: `/nowhere/${name}`,
        target: "main",
        name,
      });
      const offer = await stage.offered("baseline", before);
      const told = { target: "main", targetOid: BASE, green: true, gates: [], reason: null };
      await this.#runner.end(offer, { kind: "baseline", ...told });
      return id;
    };
    const [otherRig, removedRig, pausedRig, trashedRig] = [
      await add("other"),
      await add("gone"),
      await add("paused"),
      await add("thrown away"),
    ];
    for (const rig of [removedRig, trashedRig]) await stage.do("rig.remove", { rig });
    await stage.until(async () => {
      const { length } = await stage.do("trash.list", {});
      return length === 2 || undefined;
    });
    await stage.do("rig.purge", { rig: removedRig });
    await stage.do("rig.pause", { rig: pausedRig });
    const leaving = { remote: "/nowhere/leaving", target: "main", name: "leaving" };
    const before = stage.port.offers.length;
    const { id: leavingRig } = await stage.do("rig.add", leaving);
    await stage.offered("baseline", before);
    await stage.do("rig.remove", { rig: leavingRig });
    return { otherRig, removedRig, pausedRig, trashedRig, leavingRig };
  }

  async #sling(title: string, more: object = {}): Promise<string> {
    return (await this.#stage.do("bead.sling", { rig: this.#rig, title, ...more })).id;
  }

  /** The newest offer of a kind for a bead. */
  #offer<K extends RunSpec["kind"]>(kind: K, bead: string): Promise<Of<K>> {
    const isOf = (offer: Offer): offer is Of<K> =>
      offer.spec.kind === kind && "bead" in offer.spec && offer.spec.bead.id === bead;
    return this.#stage.until(() => this.#stage.port.offers.findLast(isOf));
  }

  async #working(title: string, more: object = {}): Promise<{ id: string; work: Of<"work"> }> {
    const id = await this.#sling(title, more);
    const work = await this.#offer("work", id);
    await this.#runner.tell(work.spec, { kind: "started" });
    return { id, work };
  }

  /** Brings the bead from its work to its merge. */
  async #toMerge(id: string, reviewed = true): Promise<Of<"merge">> {
    const check = await this.#offer("check", id);
    const { headOid } = check.spec;
    await this.#runner.end(check, { kind: "checked", headOid, ...green });
    if (reviewed) await this.#judge(id, "approve");
    return this.#offer("merge", id);
  }

  async #judge(id: string, verdict: "approve" | "cannot_decide"): Promise<void> {
    const told = { headOid: HEAD, summary: "it is so", comments: [] };
    await this.#runner.end(await this.#offer("review", id), { kind: "verdict", verdict, ...told });
  }

  async #land(merge: Of<"merge">, branch: string): Promise<void> {
    const { headOid } = merge.spec;
    const oids = { sourceOid: headOid, mergeOid: randomBytes(20).toString("hex"), targetOid: BASE };
    const proof = { method: "merge", ref: `refs/heads/${branch}`, ...oids } as const;
    await this.#runner.end(merge, { kind: "landed", headOid, proof, hint: null });
  }

  async #fail(work: Offer, id: string): Promise<void> {
    await this.#runner.tell(work.spec, exit("no_result", "silent"));
    await this.#stage.until(async () =>
      (await this.#stage.issue(id)).status === "failed" ? true : undefined,
    );
  }

  async #reviewOf(id: string): Promise<string> {
    return (await this.#stage.issue(id)).reviewId ?? "";
  }

  async #beads(otherRig: string) {
    const stage = this.#stage;
    const open = await this.#sling("Open", { held: true });
    const blocked = await this.#sling("Blocked", { held: true, dependsOn: [open] });
    const { id: foreign } = await stage.do("bead.sling", { rig: otherRig, title: "Far" });
    const far = await this.#offer("work", foreign);
    const { id: working, work } = await this.#working("Working");
    const { id: closing } = await this.#working("Closing");
    await stage.do("bead.cancel", { bead: closing });
    const merging = await this.#working("Merging");
    await this.#runner.end(merging.work, workDone);
    const merge = await this.#toMerge(merging.id);
    const undecided = await this.#working("Undecided");
    await this.#runner.end(undecided.work, workDone);
    await this.#runner.end(await this.#offer("check", undecided.id), {
      kind: "checked",
      headOid: HEAD,
      ...green,
    });
    await this.#judge(undecided.id, "cannot_decide");
    const { id: cancelled, work: stopped } = await this.#working("Cancelled");
    await stage.do("bead.cancel", { bead: cancelled });
    await this.#runner.tell(stopped.spec, exit("crashed"));
    const failed = await this.#working("Failed");
    await this.#fail(failed.work, failed.id);
    const gone = await this.#sling("Gone", { held: true });
    await stage.do("bead.delete", { bead: gone });
    return {
      ...{ open, blocked, foreign, working, closing, cancelled, gone },
      ...{ merging: merging.id, mergeRun: merge.spec.runId, failed: failed.id },
      ...{ run: work.spec.runId, endedRun: stopped.spec.runId },
      ...{ agent: work.spec.agent.id, foreignAgent: far.spec.agent.id },
      review: await this.#reviewOf(undecided.id),
    };
  }

  async #convoys(otherRig: string) {
    const stage = this.#stage;
    const task = (key: string, ...dependsOn: string[]) => ({ key, title: key, dependsOn });
    const sling = async (title: string, tasks: ReturnType<typeof task>[], more: object = {}) => {
      const body = { rig: this.#rig, title, tasks, parallel: true, ...more };
      const { convoy, beads } = await stage.do("convoy.sling", body);
      return { id: convoy.id, branch: convoy.branch ?? "", tasks: beads.map(({ id }) => id) };
    };
    const staged = await sling("Staged", [task("a")], { staged: true });
    const fifty = Array.from({ length: 50 }, (_, i) => task(`t${i}`));
    const full = await sling("Full", fifty, { staged: true });
    const cancelled = await sling("Cancelled", [task("a")], { staged: true });
    await stage.do("convoy.cancel", { convoy: cancelled.id });
    const paused = await sling("Paused", [task("a")], { staged: true });
    await stage.do("convoy.pause", { convoy: paused.id });
    const active = await sling("Active", [task("a"), task("b", "a"), task("c")]);
    const [failedTask = "", openTask = "", workingTask = ""] = active.tasks;
    await this.#fail(await this.#offer("work", failedTask), failedTask);
    await this.#offer("work", workingTask);
    const own = await sling("Own branch", [task("a")], { staged: true, mode: "review-then-land" });
    // The lane of the first rig is held.
    const elsewhere = { rig: otherRig, mode: "review-then-land" };
    const landing = await sling("Landing", [task("a")], elsewhere);
    const [landed = ""] = landing.tasks;
    await this.#runner.end(await this.#offer("work", landed), workDone);
    await this.#land(await this.#toMerge(landed), landing.branch);
    const shown = () => stage.do("convoy.get", { convoy: landing.id });
    const bead = await stage.until(async () => (await shown()).beads.find((each) => each.landing));
    await this.#toMerge(bead.id, false);
    return {
      ...{ staged: staged.id, full: full.id, cancelledConvoy: cancelled.id },
      ...{ active: active.id, failedTask, openTask, workingTask, pausedConvoy: paused.id },
      ...{ landing: landing.id, landingBead: bead.id, branchTask: own.tasks[0] ?? "" },
      ...{ landed, mergedReview: await this.#reviewOf(landed) },
    };
  }

  async #molecules(fullRig: string) {
    const stage = this.#stage;
    const steps = ["failed", "skipped", "open"].map((key) => ({
      key,
      title: `${key} {{version}}`,
    }));
    const release = { name: "release", parameters: [{ name: "version" }], steps };
    await stage.do("formula.put", { formula: release });
    const one = [{ key: "a", title: "A" }];
    await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        stage.do("formula.put", { rig: fullRig, formula: { name: `f-${n}`, steps: one } }),
      ),
    );
    const pour = async (staged: boolean) => {
      const body = { formula: "release", rig: this.#rig, parameters: { version: "1" }, staged };
      const { id, steps: poured } = await stage.do("molecule.pour", body);
      return { id, steps: poured.map(({ beadId }) => beadId) };
    };
    const [asking, staged, cancelled, done] = [
      await pour(false),
      await pour(true),
      await pour(true),
      await pour(true),
    ];
    const [failedStep = "", skipped = "", openStep = ""] = asking.steps;
    await this.#fail(await this.#offer("work", failedStep), failedStep);
    await stage.do("bead.cancel", { bead: skipped });
    await stage.do("molecule.decide", { molecule: asking.id, step: skipped, choice: "skip" });
    await stage.do("molecule.cancel", { molecule: cancelled.id });
    for (const bead of done.steps) await stage.do("bead.close", { bead, outcome: "answered" });
    await stage.do("molecule.start", { molecule: done.id });
    return {
      ...{ molecule: asking.id, failedStep, openStep, stagedMolecule: staged.id },
      stagedStep: staged.steps[2] ?? "",
      ...{ cancelledMolecule: cancelled.id, doneMolecule: done.id },
    };
  }

  /** Agents of beads that have ended are free. */
  async #agents() {
    const stage = this.#stage;
    const ended = [await this.#working("Free one"), await this.#working("Free two")];
    const [retiredAgent = "", idleAgent = ""] = ended.map(({ work }) => work.spec.agent.id);
    for (const { id, work } of ended) {
      await stage.do("bead.cancel", { bead: id });
      await this.#runner.tell(work.spec, exit("crashed"));
    }
    await stage.do("agent.retire", { agent: retiredAgent });
    const mayor = (await stage.do("agent.list", {})).find(({ role }) => role === "mayor");
    return { idleAgent, retiredAgent, mayor: mayor?.id ?? "" };
  }

  /** Escalations, questions, messages. */
  async #words(working: string) {
    const stage = this.#stage;
    const open = await stage.do("escalation.list", {});
    const [acknowledged = "", resolved = "", escalation = ""] = open.map(({ id }) => id);
    await stage.do("escalation.acknowledge", { escalation: acknowledged });
    await stage.do("escalation.resolve", { escalation: resolved });
    const asking = await this.#working("Asking");
    const question = await this.#ask(asking.work, { question: "Tabs?", options: ["yes", "no"] });
    const permission = await this.#ask(asking.work, { question: "May I?", kind: "permission" });
    const answered = await this.#ask(asking.work, { question: "Which port?" });
    await stage.do("question.answer", { question: answered, answer: "8080" });
    const [kept] = await stage.do("answer.list", {});
    const asked = await this.#working("Asked in vain");
    const withdrawn = await this.#ask(asked.work, { question: "Why?" });
    await stage.do("bead.cancel", { bead: asked.id });
    await this.#runner.tell(asked.work.spec, exit("crashed"));
    const { id: mail } = await stage.do("mail.send", { to: working, text: "Use tabs" });
    const triage = await this.#callForHelp(asking);
    const words = {
      acknowledged,
      resolved,
      escalation,
      question,
      permission,
      withdrawn,
      mail,
      triage,
    };
    return { ...words, answer: kept?.id ?? "" };
  }

  /** The request that is made of an agent's call for help. */
  async #callForHelp({ id, work }: { id: string; work: Of<"work"> }): Promise<string> {
    const { runId, fence } = work.spec;
    const of = { connection: this.#runner.connection, runId, fence, turnId: null };
    const call = { title: "No access", body: "", severity: "low" };
    const frame = { ...of, key: "key-of-the-call-for-help", tool: "gt_escalate", arguments: call };
    await this.#stage.core.tool(this.#runner.id, frame);
    const raised = await this.#stage.do("escalation.list", {});
    return raised.find(({ subjectId }) => subjectId === id)?.triage?.id ?? "";
  }

  #calls = 0;
  async #ask(work: Of<"work">, input: object): Promise<string> {
    const { runId, fence } = work.spec;
    const key = `key-of-the-question-${++this.#calls}`;
    const of = { connection: this.#runner.connection, runId, fence, turnId: null, key };
    const frame = { ...of, tool: "gt_ask", arguments: input };
    const ack = await this.#stage.core.tool(this.#runner.id, frame);
    if (!ack.ok || ack.value.isError) throw new Error("the question was not asked");
    const [newest] = (await this.#stage.do("question.list", { state: "open" })).toSorted((a, b) =>
      b.id.localeCompare(a.id),
    );
    return newest?.id ?? "";
  }
}
