/** Every checker of a play, hooked to it. Safety is looked at after each step. */
import type { FeedChange, TownCore } from "../../server/core.ts";
import type { Image, Topic } from "../../protocol/index.ts";
import type { Play } from "../play/play.ts";
import { deliveryItem, outcomeItem, ruleItem, type Way } from "./coverage.ts";
import { DeadlineChecks } from "./deadlines.ts";
import { LandingChecks } from "./landings.ts";
import { MachineChecks } from "./machines.ts";
import { OfferChecks } from "./offers.ts";
import { RunChecks } from "./runs.ts";
import { RememberedChecks } from "./remembered.ts";
import { checkSaved, type Disks } from "./saved.ts";
import { ShownRows } from "./shown-rows.ts";
import { TriageChecks } from "./triage.ts";
import type { TownView } from "../town/town-view.ts";
import { TrashChecks } from "./trash.ts";
import { Violation } from "./violation.ts";
import { WireChecks } from "./wire.ts";
import { WorkChecks, type Acting } from "./work.ts";

/** What the log may complain of while faults of that name come. */
export type Excuse = (who: string, message: string) => boolean;

export class Checks {
  readonly view: TownView;
  readonly landings: LandingChecks;
  readonly #play: Play;
  readonly #runs = new RunChecks();
  readonly #work: WorkChecks;
  readonly #machines = new MachineChecks((item) => this.count(item));
  readonly #rows = new ShownRows((item) => this.count(item));
  readonly #triage: TriageChecks;
  readonly #remembered = new RememberedChecks();
  /** Of the commit that is looked at. */
  #shown: { id: string; state: string }[] = [];
  readonly #offers: OfferChecks;
  readonly #disks: Disks;
  readonly #trash = new TrashChecks();
  readonly #wire: WireChecks;
  readonly #deadlines: DeadlineChecks;
  /** The town is always up, and its clock goes on evenly. */
  isSteady = false;
  /** Who acts beside infrastructure. */
  acting: Acting = { people: true, agents: true };
  /** How often each item of the coverage was seen. */
  readonly seen = new Map<string, number>();
  #changed: FeedChange[] = [];
  /** The town's data is another, and was not looked at yet. */
  #isUnread = false;
  /** Rises with every commit of the town that was looked at. */
  looks = 0;
  #complaint: Violation | null = null;
  excuse: Excuse = () => false;

  constructor(play: Play) {
    this.#play = play;
    this.view = play.view;
    this.#triage = new TriageChecks(this.view);
    this.#work = new WorkChecks(this.view, () => this.acting);
    const { forge, hooks, world } = play;
    const disks = () =>
      play.runners.filter(({ host }) => host.started !== null).map(({ host }) => host.disk.look());
    this.#wire = new WireChecks(disks, () => world.nowMs);
    this.#deadlines = new DeadlineChecks(this.view, () => play.townClock.now());
    this.#offers = new OfferChecks(disks, (runnerId) => this.#wire.isNear(runnerId));
    this.landings = new LandingChecks(
      forge,
      () => [
        ...play.rigs.map(({ url }) => forge.at(url).repository),
        ...play.runners.flatMap(({ host }) => [...host.files.stores()]),
      ],
      (bead, runId) => this.#work.landed(bead, runId),
    );
    this.#disks = {
      ofRig: (rigId) => forge.find(this.view.rigs.get(rigId ?? "")?.remote ?? "")?.repository,
      stores: () => play.runners.flatMap(({ host }) => [...host.files.stores()]),
    };
    hooks.replaced = () => this.#forget();
    hooks.opened = (core) => this.#complains(() => this.#read(core));
    hooks.changes = (_epoch, changes) => void this.#changed.push(...changes);
    hooks.rule = (id) => this.count(ruleItem(id));
    hooks.heard = (...what) =>
      this.#complains(() => {
        this.#wire.heard(...what);
        this.#remembered.heard(what[1], what[2]);
      });
    hooks.log = (who, level, message, fields) => this.#hear(who, level, message, fields);
    world.onStep(() => this.#look());
  }

  count(item: string): void {
    this.seen.set(item, (this.seen.get(item) ?? 0) + 1);
  }

  /** The town will begin with other data. */
  #forget(): void {
    this.#isUnread = true;
    this.#changed = [];
    this.view.forget();
    this.#runs.forget();
    this.#work.forget();
    this.#machines.forget();
    this.#wire.forget();
    this.#rows.forget();
    this.#remembered.forget();
  }

  /** Whose data is another is looked at anew, as a page does after an unknown epoch. */
  #read(core: TownCore): void {
    if (!this.#isUnread) return;
    this.#isUnread = false;
    const { beads, deleted, forgotten } = this.#play;
    const all = ["town", "board", "convoys", "agents", "reviews", "mayor"] as const;
    for (const topic of all) this.#know(core, topic);
    for (const id of [...this.view.issues.keys(), ...beads.values()])
      this.#know(core, `bead:${id}`);
    for (const id of beads.values()) {
      const isThere = this.view.issues.has(id);
      if (isThere) deleted.delete(id);
      else if (!deleted.has(id)) forgotten.add(id);
    }
  }

  #know(core: TownCore, topic: Topic): void {
    const state = core.topic(topic);
    if (!state.ok) return;
    for (const image of state.value.items) {
      if (image.value === null || image.kind === "event") continue;
      this.view.take(image);
      this.#rows.see(image);
      if (image.kind === "chat") this.#remembered.see(image.value);
      if (image.kind === "run") this.#runs.know(image.value);
    }
  }

  #look(): void {
    if (this.#complaint !== null) throw this.#complaint;
    this.landings.look();
    if (this.isSteady) this.#deadlines.passed();
    if (this.#changed.length === 0) return;
    const changed = this.#changed;
    this.#changed = [];
    this.looks += 1;
    let version = changed[0]?.version;
    for (const change of changed) {
      if (change.version !== version) this.#commit();
      version = change.version;
      this.#see(change.image);
    }
    this.#commit();
  }

  #commit(): void {
    this.#trash.commit();
    this.#runs.commit();
    this.#work.commit();
    this.#deadlines.commit();
    this.#triage.commit();
    for (const { id, state } of this.#shown.splice(0)) this.#machines.shows(id, state);
  }

  #see(image: FeedChange["image"]): void {
    const before = this.view.take(image);
    this.#rows.see(image);
    if (image.kind === "rig") this.#trash.rig(image);
    if (image.kind === "run" && image.value === null && before)
      this.#runs.gone(before as Image<"run">);
    if (image.value === null || this.#trash.comesBack(image)) return;
    if (image.kind === "chat") this.#remembered.see(image.value);
    if (image.kind === "event") this.#machines.see(image.value);
    const shown = stateOf(image);
    if (shown !== null) this.#shown.push({ id: image.id, state: shown });
    if (image.kind === "runner")
      this.#wire.runner(before as Image<"runner"> | undefined, image.value);
    if (image.kind === "run") this.#run(before as Image<"run"> | undefined, image.value);
    if (image.kind === "issue") this.#issue(before as Image<"issue"> | undefined, image.value);
    if (image.kind === "review") this.#review(before as Image<"review"> | undefined, image.value);
    if (image.kind === "triage") this.#triage.see(image.value);
    if (image.kind === "question")
      this.#work.question(before as Image<"question"> | undefined, image.value);
    if (image.kind === "escalation")
      this.#work.escalation(before as Image<"escalation"> | undefined, image.value);
  }

  #run(before: Image<"run"> | undefined, run: Image<"run">): void {
    // It had ended before anybody looked.
    if (before === undefined && run.state === "ended") return this.#runs.know(run);
    this.#triage.run(run);
    this.#remembered.run(run, this.view);
    this.#runs.see(before, run);
    // A town that was put back does not know which offers its runners have had.
    if (!this.#play.wasRestored) this.#offers.see(before, run);
    this.#work.run(before, run);
    checkSaved(run, this.#disks);
    if (before?.state !== run.state) {
      if (run.outcome !== null) this.count(outcomeItem(run.outcome, run.lastProgressAt !== null));
      const end = run.outcome === null ? "" : ` ${run.outcome} ${run.reason?.code ?? ""}`;
      this.#say(`run ${run.id} ${run.kind} of ${run.beadId ?? run.resource}: ${run.state}${end}`);
    }
  }

  #issue(before: Image<"issue"> | undefined, issue: Image<"issue">): void {
    const { id, status, outcome, failure } = issue;
    this.#work.issue(before, issue);
    if (before?.status !== status)
      this.#say(
        `bead ${id} (${issue.title}): ${status}${outcome === null ? "" : ` as ${outcome}`}`,
      );
    if (status === "closed" && outcome === null)
      throw new Violation("closed-outcome", `${id} is closed without an outcome`);
    if (status === "failed" && failure === null)
      throw new Violation("failed-reason", `${id} failed without a reason`);
    if (before?.status === "closed" && before.outcome === "landed" && status !== "closed")
      throw new Violation("landed-stays", `${id} had landed and is ${status}`);
    if (status === "closed" && outcome === "landed" && before?.outcome !== "landed")
      this.#landed(issue);
  }

  #landed({ id, reviewId }: Image<"issue">): void {
    // Its review is written in the same commit, and may come after it.
    const proof = reviewId === null ? null : this.view.reviews.get(reviewId)?.proof;
    if (proof !== undefined && proof !== null && !this.landings.holds(proof.mergeOid))
      throw new Violation("landed-proof", `${id} landed as ${proof.mergeOid}, which no target has`);
  }

  #review(before: Image<"review"> | undefined, review: Image<"review">): void {
    const { id, state, proof } = review;
    this.#work.review(before, review);
    if (before?.state !== state) this.#say(`review ${id} of ${review.subjectId}: ${state}`);
    if (state !== "merged" || before?.state === "merged") return;
    if (proof === null) throw new Violation("landed-proof", `${id} is merged without a proof`);
    const rig = this.view.rigs.get(review.rigId);
    if (rig !== undefined)
      this.count(deliveryItem(rig.delivery, this.#wayOf(review), rig.codeReview));
    if (!this.landings.holds(proof.mergeOid))
      throw new Violation("landed-proof", `${id} merged ${proof.mergeOid}, which no target has`);
  }

  /** In the midst of a step nothing may be thrown: whoever caught it would be wrong. */
  #complains(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#complaint ??= error;
    }
  }

  #wayOf({ subjectId }: Image<"review">): Way {
    const issue = this.view.issues.get(subjectId);
    if (issue?.landing === true) return "landing a convoy";
    const convoy = this.view.convoys.get(issue?.convoyId ?? "");
    if (convoy === undefined) return "alone";
    return convoy.branch === null ? "of a convoy" : "on a convoy's branch";
  }

  #hear(who: string, level: "info" | "warn" | "error", message: string, fields: object): void {
    if (level === "info") return;
    const text = `${message} ${JSON.stringify(fields)}`;
    this.#play.world.trace.say(who, `${level}: ${text}`);
    if (message === "the safety pass found work")
      this.#complaint ??= new Violation("safety-pass", text);
    if (level === "error" && !this.excuse(who, message))
      this.#complaint ??= new Violation("log-error", `${who}: ${text}`);
  }

  #say(what: string): void {
    this.#play.world.trace.say("town", what);
  }
}

/** Of what has a state machine with a history. */
function stateOf({ kind, value }: FeedChange["image"]): string | null {
  if (value === null) return null;
  if (kind === "issue") return value.status;
  const hasState =
    kind === "review" ||
    kind === "convoy" ||
    kind === "molecule" ||
    kind === "escalation" ||
    kind === "triage" ||
    kind === "mail";
  return hasState ? value.state : null;
}
