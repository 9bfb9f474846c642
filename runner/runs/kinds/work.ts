/** Work: a polecat does one bead in a repository of its own and hands it over. */
import { z } from "zod";
import type { Began } from "../../../protocol/entities/began.ts";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import { firstMessage, type LfsBriefing } from "../../agents/briefing.ts";
import type { ToolAnswer } from "../../agents/mcp.ts";
import { REPROMPT_WITHOUT_RESULT } from "../../agents/prompts/role-prompt.ts";
import { STOP_GRACE_MS } from "../../config.ts";
import type { Contents } from "../../git/lfs/contents.ts";
import type { RigRepository } from "../../git/mirror.ts";
import type { Outcome } from "../../git/outcome.ts";
import type { NewRun, RunRepository } from "../../git/run-repo.ts";
import { rewrittenWords } from "../../works/base.ts";
import { verifyDone, type Done } from "../../works/done.ts";
import type { AgentHost } from "../agent/agent-host.ts";
import type { AgentJob } from "../agent/agent-job.ts";
import { runTurns, stoppedEnding } from "../agent/agent-turns.ts";
import { ConversationKeeper } from "../agent/kept-conversation.ts";
import { takeUp } from "../agent/take-up.ts";
import { repositoryCode } from "./baseline.ts";
import { runGates, runSetup } from "../gates.ts";
import { absenceWords, bringLfs, lfsBriefing, tellPlain } from "../lfs.ts";
import { Turnstile } from "../turnstile.ts";
import { runHanded } from "./handed.ts";
import { handOver, type HandOver } from "./hand-over.ts";
import { ending, type Ending, type LiveRun } from "../live-run.ts";
import { commandPlace, retireTree } from "./retire-tree.ts";
import { askTown } from "../agent/town-tools.ts";
import { attributionOf, workBase, type WorkBase } from "./work-base.ts";
import type { Berth } from "../warm/berth.ts";
import type { Workplace } from "../workplace.ts";

type WorkRun = LiveRun<RunSpecOf<"work">>;
const doneCallSchema = z.object({ summary: z.string(), no_changes_reason: z.string().optional() });
type DoneCall = z.infer<typeof doneCallSchema>;

const SUMMARY_CHARS_MAX = 8_000;
const CLOSED_BY_GATES = "closed by gates";
/** An agent whose work was accepted has this long to end its turn when it is interrupted. */
const LAST_TURN_MS = 2_000;

export async function runWork(place: Workplace, run: WorkRun): Promise<Ending> {
  if (run.spec.handed !== null) return await runHanded(place, run, run.spec.handed);
  const warm = place.warm.take(run.spec);
  if (warm !== null) run.signal.addEventListener("abort", () => void warm.end(), { once: true });
  try {
    return await workWith(place, run, warm);
  } finally {
    await warm?.end();
  }
}

async function workWith(place: Workplace, run: WorkRun, warm: Berth | null): Promise<Ending> {
  const prepared = await prepare(place, run, warm);
  if (!prepared.ok) return prepared.ending;
  const { tree } = prepared;
  try {
    return await workIn(place, run, { ...prepared, warm });
  } catch (error) {
    // A bug here must not lose what the agent wrote.
    await retireTree(place, run, tree);
    throw error;
  }
}

interface Prepared {
  tree: RunRepository;
  base: WorkBase;
  contents: Contents | null;
}

async function prepare(
  place: Workplace,
  run: WorkRun,
  warm: Berth | null,
): Promise<(Prepared & { ok: true }) | { ok: false; ending: Ending }> {
  const { spec } = run;
  run.enter("fetching");
  const fetched = await place.rigs.fetch(spec.rig, run.holder);
  if (!fetched.ok)
    return { ok: false, ending: notPrepared(repositoryCode(fetched.error), fetched.error.message) };
  run.fact({ kind: "target_seen", oid: fetched.targetOid });
  const based = await workBase(place, spec, fetched);
  if (!based.ok) return based;
  if (run.signal.aborted) return { ok: false, ending: stoppedEnding(run) };
  if (based.value.isRewritten) run.notice("warning", rewrittenWords(fetched.target));
  run.enter("preparing", `From ${based.value.base.slice(0, 12)}`);
  const { base, start, target, rig } = based.value;
  const contents = await bringLfs(place, run, rig, start);
  if (contents?.absence?.why === "space")
    return { ok: false, ending: notPrepared("no_capacity", absenceWords(contents)) };
  const wish = {
    beadId: spec.bead.id,
    runId: spec.runId,
    base,
    start,
    continues: based.value.savedOid,
    targetBranch: target,
    attribution: attributionOf(spec),
    copies: spec.rig.environment.copies,
    contents: contents !== null,
  };
  const made = await makeTree(place, rig, wish, warm);
  if (!made.ok) return { ok: false, ending: notPrepared(made.error.code, made.error.message) };
  return { ok: true, tree: made.run, base: based.value, contents };
}

/** The tree that waits, moved to the run's base; a new one where there is none, or that fails. */
async function makeTree(
  { works }: Workplace,
  rig: RigRepository,
  wish: NewRun,
  warm: Berth | null,
): Promise<Outcome<{ run: RunRepository }>> {
  const ready = (await warm?.takeTree()) ?? null;
  if (ready !== null) {
    const adopted = await works.trees.adopt(ready, wish);
    if (adopted.ok) return adopted;
    // The agent in it goes before it.
    await warm?.end();
    await works.trees.letGo(ready);
  }
  return works.trees.create(rig, wish);
}

async function workIn(
  place: Workplace,
  run: WorkRun,
  { tree, base, contents, warm }: Prepared & { warm: Berth | null },
): Promise<Ending> {
  await prepareGates(place, run, tree);
  const lfs = await lfsBriefing(place, base.rig, base.start, contents);
  const handedIn = Promise.withResolvers<HandOver>();
  const desk: Desk = {
    tree,
    briefing: "",
    turnstile: new Turnstile(),
    unsaved: false,
    hostFailed: false,
    handed: null,
    handIn: handedIn.resolve,
  };
  const isResuming = run.spec.snapshot !== null;
  // One that is up has begun a conversation of its own: it gives way, and its tree is used.
  if (isResuming) await warm?.end();
  const waiting = isResuming ? null : await warm?.takeAgent();
  const job: AgentJob = {
    ...(waiting && { warm: waiting }),
    role: "polecat",
    cwd: tree.treeDir,
    homeDir: tree.homeDir,
    tmpDir: tree.tmpDir,
    readOnly: [tree.rig.mirrorDir],
    readWrite: [tree.treeDir],
    call: (tool, args) => callTool(place, run, desk, tool, args),
  };
  const opened = await takeUp(place, run, job, "its author");
  if (!opened.ok) return closeTree(place, run, tree, opened.ending);
  const { host } = opened;
  run.begins(beganOf(opened));
  desk.briefing = briefingOf(run, base, { lfs, isResumed: opened.isResumed });
  run.enter("running");
  const end = await runTurns(place, run, host, {
    first: desk.briefing,
    reprompt: REPROMPT_WITHOUT_RESULT.polecat,
    result: handedIn.promise,
    turnEnded: () => desk.turnstile.pass(() => closeByGates(place, run, desk)),
    goesOn: () => void desk.turnstile.pass(() => saveBehind(place, run, desk)),
  });
  const keeper = new ConversationKeeper(place, run, host.driver);
  if (end.kind === "result") await remember(run, host, keeper);
  const exit = await host.close(
    run.stopOrder?.graceMs ?? (end.kind === "result" ? 0 : STOP_GRACE_MS),
  );
  // A call that is still being checked works on the tree; what it accepts is handed over, whatever ended the agent.
  await desk.turnstile.close();
  if (end.kind === "result") {
    if (lfs.patterns.length > 0) await tellPlain(place, run, tree.rig, end.result);
    const done = await handOver(place, run, { tree, work: end.result, exit });
    await keeper.settled();
    return done;
  }
  if (desk.handed !== null && !run.signal.aborted)
    return handOver(place, run, { tree, work: desk.handed, exit });
  const ended = { ...end.ending, exit: end.ending.exit ?? exit };
  return closeTree(place, run, tree, ended, desk.hostFailed);
}

function beganOf({ isResumed, why }: { isResumed: boolean; why: string | null }): Began | null {
  if (isResumed) return { how: "resumed" };
  return why === null ? null : { how: "afresh", why };
}

/** A rework may go on in this session: what its agent remembers is taken when its last turn is over. */
async function remember(run: WorkRun, host: AgentHost, keeper: ConversationKeeper): Promise<void> {
  if (!run.spec.remember || run.signal.aborted || host.driver.snapshot === undefined) return;
  await host.endTurn(LAST_TURN_MS);
  await keeper.turnEnded(null);
}

/** The run's ending with its work saved and its tree gone. */
async function closeTree(
  place: Workplace,
  run: WorkRun,
  tree: RunRepository,
  end: Ending,
  hostFailed = false,
): Promise<Ending> {
  const isSaved = await retireTree(place, run, tree);
  if (run.signal.aborted) return { ...stoppedEnding(run), exit: end.exit };
  // An agent gets nowhere on a host that cannot keep its work: nobody is to blame.
  const isBlamed = end.outcome === "no_result" || end.outcome === "crashed";
  if ((isSaved && !hostFailed) || !isBlamed) return end;
  const message = `The work could not be saved on this host. ${end.reason?.message ?? ""}`;
  return ending("lost", "not_saved", message.trim(), { exit: end.exit });
}

function briefingOf(
  run: WorkRun,
  base: WorkBase,
  { lfs, isResumed }: { lfs: LfsBriefing; isResumed: boolean },
): string {
  const { bead, rig } = run.spec;
  const text = firstMessage({
    role: "polecat",
    bead,
    rig: { ...rig, target: base.target },
    savedOid: base.savedOid,
    lfs,
    isResumed,
  });
  const rewritten = base.isRewritten ? `\n\n${rewrittenWords(base.target)}` : "";
  if (base.conflicts.length === 0) return text + rewritten;
  const files = base.conflicts.slice(0, 50).join("\n");
  return `${text}${rewritten}\n\nThe base has moved on since that work. It was brought in, and these files hold conflict marks; resolve them first:\n${files}`;
}

/** Setup in the agent's own tree, so that it can run the gates itself. One that fails is shown to it by them. */
async function prepareGates(place: Workplace, run: WorkRun, tree: RunRepository): Promise<void> {
  if (run.spec.rig.setup === null) return;
  run.enter("setup");
  const failed = await runSetup(place, run, run.spec.rig, commandPlace(tree));
  if (failed !== null)
    run.notice("warning", failed.kind === "infra" ? failed.message : "Setup failed in this tree.");
}

interface Desk {
  tree: RunRepository;
  /** Known when the agent is up: it depends on how it began. */
  briefing: string;
  /** Whoever saves, checks or removes the tree passes here. */
  turnstile: Turnstile;
  /** What the last turn has left could not be saved, and the town knows. */
  unsaved: boolean;
  /** The host could not do its part of what the agent asked last: its work was not saved. */
  hostFailed: boolean;
  /** What was accepted. */
  handed: HandOver | null;
  handIn: (work: HandOver) => void;
}

async function callTool(
  place: Workplace,
  run: WorkRun,
  desk: Desk,
  tool: string,
  args: Record<string, unknown>,
): Promise<ToolAnswer> {
  switch (tool) {
    case "gt_prime":
      return { ok: true, value: desk.briefing, next: "Go on with this bead." };
    case "gt_done":
      return (
        (await desk.turnstile.pass(() => done(place, run, desk, doneCallSchema.parse(args)))) ??
        runIsOver()
      );
    default:
      return askTown(place, run, { turnId: null, scope: run.spec.runId, tool, args });
  }
}

async function done(
  place: Workplace,
  run: WorkRun,
  desk: Desk,
  call: DoneCall,
): Promise<ToolAnswer> {
  const { tree } = desk;
  const { summary, no_changes_reason: noChangesReason } = call;
  const reason = noChangesReason === undefined ? {} : { noChangesReason };
  const wish = { summary, ...reason, nowMs: place.clock.now() };
  const checked = await verifyDone(place.works, tree, wish);
  desk.hostFailed = !checked.ok && checked.error.retryable;
  if (!checked.ok) {
    const { message, next, retryable, paths } = checked.error;
    const named = paths === undefined ? message : `${message} ${paths.join(", ")}`;
    return { ok: false, error: { code: "invalid_body", message: named, retryable }, next };
  }
  desk.handed = await note(place, run, tree, checked.done, call.summary);
  desk.handIn(desk.handed);
  return {
    ok: true,
    value: `Accepted: ${checked.done.head.slice(0, 12)}.`,
    next: "The town takes it from here. End your turn now.",
  };
}

function runIsOver(): ToolAnswer {
  const message = "This run is over. Its work is saved as it was.";
  return { ok: false, error: { code: "stale_fence", message, retryable: false } };
}

/** Writes down what was handed in, before anyone is told: a later start of the runner finishes it. */
async function note(
  place: Workplace,
  run: WorkRun,
  tree: RunRepository,
  work: Done,
  summary: string,
): Promise<HandOver> {
  const noted: HandOver = {
    headOid: work.head,
    baseOid: work.base,
    summary: summary.slice(0, SUMMARY_CHARS_MAX),
    noChangesReason: work.noChangesReason,
  };
  run.remember({ handOver: noted });
  place.log.info("work handed in", { runId: run.spec.runId, head: work.head });
  await place.saves.saved(run, tree, work, { carried: run.spec.bead.delivery !== "none" });
  return noted;
}

/** After a turn without gt_done: saves, and hands over what is complete by its gates alone. */
async function closeByGates(place: Workplace, run: WorkRun, desk: Desk): Promise<HandOver | null> {
  const { rig } = run.spec;
  const { tree } = desk;
  if (!(await saveTurn(place, run, desk))) return null;
  if (rig.gates.length === 0 || run.signal.aborted) return null;
  // A red gate is run twice.
  run.busy("gates", 2 * rig.gates.reduce((sum, gate) => sum + gate.timeoutMs, 0));
  const gates = await runGates(place, run, { ...rig, setup: null }, commandPlace(tree));
  run.busy("", 0);
  if (gates.kind !== "ran" || !gates.green) return null;
  const checked = await verifyDone(place.works, tree, {
    summary: CLOSED_BY_GATES,
    nowMs: place.clock.now(),
  });
  return checked.ok ? await note(place, run, tree, checked.done, CLOSED_BY_GATES) : null;
}

/** Saves what a turn has left. @returns whether there is something that the base does not have */
async function saveTurn(place: Workplace, run: WorkRun, desk: Desk): Promise<boolean> {
  const { tree } = desk;
  const saved = await place.works.trees.save(tree, { nowMs: place.clock.now() });
  desk.hostFailed ||= !saved.ok;
  if (!saved.ok) {
    run.notice("warning", saved.error.message);
    const reason = `${saved.error.message} ${saved.error.next}`;
    run.fact({ kind: "not_saved", reason: reason.slice(0, 2_000) });
    desk.unsaved = true;
    return false;
  }
  if (saved.proof.oid === tree.base) return false;
  const what = { proof: saved.proof, left: saved.unsaved };
  await place.saves.saved(run, tree, what, { anew: desk.unsaved });
  desk.unsaved = false;
  return true;
}

/** The agent has its next turn already: it neither waits for this nor hears of it. */
async function saveBehind(place: Workplace, run: WorkRun, desk: Desk): Promise<void> {
  try {
    await saveTurn(place, run, desk);
  } catch (error) {
    place.log.error("a turn could not be saved", { runId: run.spec.runId, error: String(error) });
  }
}

function notPrepared(code: string, message: string): Ending {
  return ending("rejected", code, message, { details: { phase: "prepare" } });
}
