/** What keeps a whole rig from being worked on, whatever is free. The same words for all that waits behind it. */
import { PROGRAM_TITLES } from "../../protocol/index.ts";
import { programOf } from "../model/agents/program.ts";
import { isPaused, mustStagger, providerWords, type Lane } from "../model/provider.ts";
import { nextDayAt } from "../model/budget.ts";
import { dayOverspent } from "./limits/costs.ts";
import { pauseWords, personWords } from "./limits/pauses.ts";
import type { RigView, RunnerView, Snapshot } from "./snapshot.ts";
import { NEED, type Need, type SlotClass } from "./stages.ts";

export interface Gate {
  text: string;
  untilAt: number | null;
}

/** Runners that take new runs of this rig; of any when no rig is named. With a need, those that have what it asks for. */
export function usable(rig: RigView | null, s: Snapshot, need: Asked | null = null): RunnerView[] {
  const role = need?.role ?? null;
  const program = role && programOf(s, rig?.id ?? null, role);
  return s.runners.filter(
    (runner) =>
      isReached(runner) &&
      !isGoing(runner) &&
      (rig === null || (isolates(runner, rig) && hasLabels(runner, rig))) &&
      (need === null || hasRight(runner, need)) &&
      (need === null || givesContents(runner, rig, need)) &&
      (program === null || runner.programs.includes(program)),
  );
}

/** It can put into trees what Git LFS keeps, or need not. */
export function givesContents(
  { lfs }: RunnerView,
  rig: RigView | null,
  { tree }: Pick<Need, "tree">,
): boolean {
  return lfs || !tree || rig?.lfs !== "fetched";
}

/** What is not installed on a runner, and what would do instead. */
interface Lack {
  of: string;
  instead: string;
}

const NO_LFS: Lack = { of: "git-lfs", instead: "let the rig's trees have pointers" };

/** What a polecat of the rig would not find on a runner; null: nothing. */
export function lackOf(runner: RunnerView, rig: RigView, s: Snapshot): Lack | null {
  if (!givesContents(runner, rig, NEED.work)) return NO_LFS;
  const program = programOf(s, rig.id, "polecat");
  if (runner.programs.includes(program)) return null;
  return { of: PROGRAM_TITLES[program], instead: "choose another program for polecats" };
}

/** What a run asks of a runner, whatever is free. */
type Asked = Pick<Need, "role" | "right" | "tree">;

/** It keeps agents apart, or the rig's owner confirmed that none does. */
export function isolates({ isolation }: RunnerView, { isolationConfirmed }: RigView): boolean {
  return isolation !== "none" || isolationConfirmed;
}

/** It has every label that the rig wants. */
export function hasLabels(
  { labels }: Pick<RunnerView, "labels">,
  { labels: wanted }: Pick<RigView, "labels">,
): boolean {
  return wanted.every((label) => labels.includes(label));
}

/** People let it do such runs. */
export function hasRight(
  { rights }: Pick<RunnerView, "rights">,
  { right }: Pick<Need, "right">,
): boolean {
  return right === null || rights.includes(right);
}

/** The town has its word. */
export function isReached({ online, state }: RunnerView): boolean {
  return online && state === "connected";
}

/** It stops, or a person has set it away: it is given nothing new. */
export function isGoing({ leavingAt, away }: RunnerView): boolean {
  return leavingAt !== null || away !== null;
}

/** Whether a host takes this class at all now. The Mayor is not kept waiting for memory. */
export function takes({ host }: RunnerView, slot: SlotClass): boolean {
  const what = host?.refuses?.what;
  return what !== "everything" && (what !== "agents" || slot !== "agent");
}

/** Why no run of this class is offered for the rig, or null. */
export function gateOf(rig: RigView, need: Need, s: Snapshot): Gate | null {
  const { slot } = need;
  const paused = pausedGate(rig, s);
  if (paused) return paused;
  if (rig.deletion) return gate(`rig ${rig.name} is being deleted`);
  if (rig.state === "parked") return gate(`rig ${rig.name} is parked: see its page`);
  const noRunner = runnerGate(rig, need, s);
  if (slot === "agent" && rig.state === "checking")
    return baselineGate(rig, runnerGate(rig, NEED.baseline, s), s);
  const asksModel = slot === "agent" && need.role !== null;
  if (asksModel && s.modelMissing) return gate(s.modelMissing);
  return (asksModel ? (dayGate(s) ?? breakerGate(s) ?? laneGate("agents", s)) : null) ?? noRunner;
}

/** Why no run of the Mayor is offered, or null. A pause leaves him be; a stop does not. */
export function sessionGate(s: Snapshot): Gate | null {
  if (s.modelMissing) return gate(s.modelMissing);
  const town = s.pauses.get("town");
  if (town?.kind === "stop") return gate(pauseWords("the town", town));
  const limited = dayGate(s) ?? laneGate("mayor", s);
  if (limited || usable(null, s, NEED.session).some((each) => takes(each, "session")))
    return limited;
  if (isObserved(s)) return gate(OBSERVING);
  const there = usable(null, s);
  if (there.length === 0) return gate(noneWords(s));
  const able = usable(null, s, NEED.session);
  if (able.length > 0) return gate(able.map(refusalWords).join("; "));
  const program = otherProgram(PROGRAM_TITLES[programOf(s, null, "mayor")]);
  return gate(lackWords("no connected runner", program, "which the Mayor is to be"));
}

function pausedGate(rig: RigView, { pauses }: Snapshot): Gate | null {
  const town = pauses.get("town");
  if (town) return gate(pauseWords("the town", town));
  const own = pauses.get(rig.id);
  return own ? gate(pauseWords(`rig ${rig.name}`, own)) : null;
}

/** The day's limit holds back whoever spends, the Mayor included. */
export function dayGate(s: Snapshot): Gate | null {
  const text = dayOverspent(s);
  return text === null ? null : gate(text, nextDayAt(s.now));
}

function breakerGate({ breaker }: Snapshot): Gate | null {
  if (breaker.state !== "open") return null;
  return gate(
    `the breaker is open: ${breaker.reason?.message ?? "too much failed"}; then one bead is tried`,
    breaker.untilAt,
  );
}

/** Why a lane leaves the model's provider alone, or null. The quota's own pause is none while the fallback works. */
export function laneGate(lane: Lane, s: Snapshot): Gate | null {
  const provider = s.providers.get(lane);
  if (!provider || !isPaused(provider, s.now)) return null;
  if (provider.state === "quota" && s.fallback) return null;
  return gate(providerWords(provider), provider.untilAt);
}

/** How many agents of work and reviews may be started now, beside the slots: while something is being tried again, one. */
export function startsLeft({ breaker, providers, now }: Snapshot): number {
  if (breaker.state === "half_open" && breaker.probe !== "none") return 0;
  const provider = providers.get("agents");
  if (provider && mustStagger(provider, now)) return 0;
  const isTrying = provider !== undefined && !isPaused(provider, now);
  return breaker.state === "half_open" || isTrying ? 1 : Number.POSITIVE_INFINITY;
}

function baselineGate(rig: RigView, noRunner: Gate | null, s: Snapshot): Gate {
  if (rig.backOffUntil !== null && rig.backOffUntil > s.now) {
    return gate(`the baseline of rig ${rig.name} waits before the next try`, rig.backOffUntil);
  }
  return noRunner ?? gate(`the baseline of rig ${rig.name} is run first`);
}

/**
 * Why no runner takes runs of this rig, or null. While the town observes, its runners may still come: nothing is said of
 * it, or each start would rewrite what every bead waits for.
 */
function runnerGate(rig: RigView, need: Need, s: Snapshot): Gate | null {
  const runners = usable(rig, s, need);
  if (runners.some((runner) => takes(runner, need.slot))) return null;
  if (runners.length > 0) return gate(runners.map(refusalWords).join("; "));
  if (isObserved(s)) return null;
  const there = usable(null, s);
  if (there.length === 0) return gate(noneWords(s));
  const labelled = there.filter((runner) => hasLabels(runner, rig));
  if (labelled.length === 0) return gate(noLabelWords(rig, there));
  const isolating = labelled.filter((runner) => isolates(runner, rig));
  if (isolating.length === 0)
    return gate(
      `agents are not isolated on any runner here; confirm it for rig ${rig.name} or install bubblewrap`,
    );
  const able = isolating.filter((runner) => givesContents(runner, rig, need));
  if (able.length === 0)
    return gate(lackWords(noneOf(isolating, there, rig), NO_LFS, `as rig ${rig.name} wants`));
  const none = noneOf(able, there, rig);
  if (need.role === null) return gate(`${none} may land work: give one the right merge`);
  const program = otherProgram(PROGRAM_TITLES[programOf(s, rig.id, need.role)]);
  return gate(lackWords(none, program, `which a ${need.role} of rig ${rig.name} is to be`));
}

/** @param left those of `there` that have what was asked before */
function noneOf(left: readonly RunnerView[], there: readonly RunnerView[], rig: RigView): string {
  if (left.length === there.length) return "no connected runner";
  const names = left.map(({ name }) => name).join(", ");
  return `of the runners that rig ${rig.name} could have otherwise (${names}), none`;
}

export const OBSERVING = "waits for the runners of the town to come back";

/** The town has just begun, and its runners may still come. */
export function isObserved(s: Snapshot): boolean {
  return s.observingUntil !== null && s.runners.every((runner) => !runner.online);
}

function noLabelWords({ name, labels }: RigView, there: readonly RunnerView[]): string {
  const missing = labels.filter((label) => there.every((each) => !each.labels.includes(label)));
  const what =
    missing.length === 0
      ? `all the labels ${labels.join(", ")}`
      : `the label ${missing.join(", nor ")}`;
  return `no connected runner has ${what}, as rig ${name} wants: label a runner, or change the rig`;
}

/** Nobody is there, or nobody who is there takes anything new. */
function noneWords({ runners }: Snapshot): string {
  const going = runners.filter((runner) => isReached(runner) && isGoing(runner));
  return going.length === 0 ? "no runner is connected" : going.map(goingWords).join("; ");
}

/** Why a runner is given nothing new. */
export function goingWords({ name, away }: RunnerView): string {
  if (away === null) return `runner ${name} is stopping and takes nothing new`;
  return `runner ${name} was set away by ${personWords(away.by)}: resume it to give it work`;
}

function refusalWords({ name, host }: RunnerView): string {
  const what = host?.refuses?.what === "agents" ? "no more agents" : "nothing more";
  return `runner ${name} takes ${what}: ${host?.refuses?.why ?? "it does not say why"}`;
}

function otherProgram(of: string): Lack {
  return { of, instead: "choose another program" };
}

function lackWords(none: string, { of, instead }: Lack, why: string): string {
  return `${none} has ${of}, ${why}: install it on a runner's host and start that runner again, or ${instead}`;
}

function gate(text: string, untilAt: number | null = null): Gate {
  return { text, untilAt };
}
