/**
 * The figures that people may set, and the one resolver: a rig's own over the town's over the default. A key of the policy
 * that is not here does not compile.
 */
import { DRAIN_GRACE_MS_MAX } from "../../protocol/index.ts";
import type { Policy } from "./policy.ts";

export type PolicyKey = keyof Policy;

export interface Setting {
  min: number;
  max: number;
  /** A rig may have its own. */
  rig: boolean;
  says: string;
}

const SECOND = 1_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MILLION = 1_000_000;

const town = (min: number, max: number, says: string): Setting => ({ min, max, rig: false, says });
const rig = (min: number, max: number, says: string): Setting => ({ min, max, rig: true, says });

export const SETTINGS: Readonly<Record<PolicyKey, Setting>> = {
  heartbeatMs: town(100, 60 * SECOND, "from one sign of life of a runner to the next"),
  leaseTtlMs: town(500, HOUR, "how long the town's word to a runner lasts; from its next hello on"),
  runnerSuspectMs: town(500, HOUR, "silence after which a runner gets no new offers"),
  runnerLostMs: town(1_000, 2 * HOUR, "silence after which a runner's runs are replaced"),
  cutOffMs: rig(0, DAY, "how long a run works on while its runner is cut off"),
  firstTokenMs: rig(SECOND, HOUR, "until an agent's first word in a turn"),
  silenceMs: rig(SECOND, HOUR, "silence of an agent that ends its turn"),
  agentWallMs: rig(SECOND, 7 * DAY, "wall time of a run with an agent"),
  codeWallMs: rig(SECOND, DAY, "wall time of gates, a merge or a baseline"),
  turnsMax: rig(1, 1_000, "turns of one run"),
  repromptsMax: rig(0, 20, "times that an agent is asked again for a result"),
  startStillMs: rig(
    60 * SECOND,
    DAY,
    "a phase before an agent's first turn, until the run is stopped",
  ),
  workStillMs: rig(
    10 * SECOND,
    DAY,
    "a polecat without progress, until the next rung of the ladder",
  ),
  reviewStillMs: rig(10 * SECOND, DAY, "a refinery without progress, until the next rung"),
  stallsMax: rig(1, 100, "runs of a bead that stood still, before a person is asked"),
  warmMs: town(0, DAY, "how long an idle Mayor is kept warm"),
  warmWorkMs: rig(
    0,
    DAY,
    "how long a runner keeps a tree and an agent ready for the next work; 0: not at all",
  ),
  acceptByMs: town(100, 600 * SECOND, "until a runner has to answer an offer"),
  stopGraceMs: town(SECOND, DAY, "until a run that was told to stop is given up"),
  drainGraceMs: town(
    0,
    DRAIN_GRACE_MS_MAX,
    "how long runs may go on when their runner stops; from its next hello on",
  ),
  awayGraceMs: town(0, 7 * DAY, "the same when a person has set their runner away"),
  slots: town(1, 64, "agents at once in the town"),
  codeSlotsPerRunner: town(1, 64, "gates, merges and baselines at once on a runner"),
  workAttemptsMax: rig(1, 100, "runs without finished work that fail a bead"),
  startFailuresMax: rig(1, 100, "failed starts on end that fail a bead"),
  runsPerBeadMax: rig(1, 10_000, "runs that a bead may cost in its life"),
  roundsMax: rig(1, 100, "rounds of a review before a person is asked"),
  reviewTriesMax: rig(1, 100, "tries of a step of a review before a person is asked"),
  turnTriesMax: town(1, 20, "tries of a turn of the Mayor"),
  infraPatienceMs: rig(
    1_000,
    30 * DAY,
    "how long infrastructure may fail before a person is asked",
  ),
  savedWorkPatienceMs: rig(
    0,
    30 * DAY,
    "how long a bead waits for a silent runner that alone has its work",
  ),
  savedWorkKeptMs: town(0, 365 * DAY, "how long saved work is kept after its bead has closed"),
  trashKeptMs: town(0, 365 * DAY, "how long a deleted rig can be taken back"),
  authorSessionMs: rig(
    0,
    7 * DAY,
    "how long after it was handed in a rework goes on in its author's session; 0 is never",
  ),
  throttleBaseMs: town(0, HOUR, "first wait after a provider has asked to slow down"),
  staggerMs: town(0, HOUR, "from run to run while a provider is tried again"),
  quotaRetryMs: town(SECOND, 30 * DAY, "until a used-up quota is looked at again"),
  breakerWindowMs: town(SECOND, DAY, "the time that the breaker looks at"),
  breakerStartFailures: town(3, 1_000, "failures to start that open the breaker"),
  breakerMicroUsd: town(1, 100_000 * MILLION, "spend without progress that opens the breaker"),
  breakerTokens: town(1, 100_000 * MILLION, "tokens without progress that open the breaker"),
  breakerOpenMs: town(SECOND, DAY, "how long the breaker is open the first time"),
  breakerMaxMs: town(SECOND, 7 * DAY, "how long it is open at most"),
  dayMicroUsdMax: town(
    0,
    100_000 * MILLION,
    "what may be spent in a day, in millionths of a dollar; 0 is no limit",
  ),
  dayTokensMax: town(0, MILLION * MILLION, "tokens of a day; 0 is no limit"),
  runMicroUsdMax: rig(
    0,
    100_000 * MILLION,
    "what a run may spend, in millionths of a dollar; 0 is no limit",
  ),
  runTokensMax: rig(0, MILLION * MILLION, "tokens of a run; 0 is no limit"),
  beadMicroUsdMax: rig(
    0,
    100_000 * MILLION,
    "what a bead may cost in its life, in millionths of a dollar; 0 is no limit",
  ),
  beadTokensMax: rig(0, MILLION * MILLION, "tokens of a bead in its life; 0 is no limit"),
  backOffBaseMs: town(0, HOUR, "first wait before a next try"),
  backOffMaxMs: town(0, DAY, "longest wait before a next try"),
  changesKeptMs: town(60 * SECOND, 365 * DAY, "how long the change feed is kept"),
  streamsKeptMs: town(60 * SECOND, 3_650 * DAY, "how long the logs of runs are kept"),
  escalationRemindMs: town(SECOND, 365 * DAY, "from one reminder of an escalation to the next"),
  escalationCalmMs: town(SECOND, 365 * DAY, "the same when it is critical or acknowledged"),
  questionDeadlineMs: town(SECOND, 365 * DAY, "until a question is answered by its default"),
  questionDeadlineMaxMs: town(SECOND, 365 * DAY, "the longest deadline that a question may name"),
  questionsOpenMax: town(1, 1_000, "open questions of a bead"),
  questionsPerBeadMax: town(1, 10_000, "questions that a bead may ask in its life"),
  mailTtlMs: town(SECOND, 30 * DAY, "until a message that no run saw is given up"),
  nudgeTtlMs: town(SECOND, DAY, "the same of a nudge"),
  agentIdleMs: rig(SECOND, 365 * DAY, "how long an agent is idle before it retires"),
  triage: town(0, 1, "1: a triage agent looks at ambiguous calls for help; 0: people alone"),
  triageOpenMax: town(1, 10, "requests of triage that are open at once"),
  triagePerBeadMax: town(1, 1_000, "requests of triage about one bead in its life"),
  triageTriesMax: town(1, 20, "triage runs that may end without deciding a request"),
  triageWallMs: town(SECOND, DAY, "wall time of a triage run"),
  triageCoolMs: town(SECOND, DAY, "wait after a triage run that left a request undecided"),
  triageCoolMaxMs: town(SECOND, 7 * DAY, "longest such wait"),
};

export function isPolicyKey(key: string): key is PolicyKey {
  return Object.hasOwn(SETTINGS, key);
}

/** Pairs that must rise from left to right, with what would go wrong. */
const ORDER: readonly (readonly [PolicyKey, PolicyKey, string])[] = [
  ["heartbeatMs", "leaseTtlMs", "leases would end between two heartbeats"],
  ["leaseTtlMs", "runnerLostMs", "runs could be replaced while their lease lasts"],
  ["runnerSuspectMs", "runnerLostMs", "runners would be lost before they are suspect"],
  ["backOffBaseMs", "backOffMaxMs", "waits would begin above their end"],
  ["breakerOpenMs", "breakerMaxMs", "the breaker's times would begin above their end"],
  ["triageCoolMs", "triageCoolMaxMs", "waits of triage would begin above their end"],
  ["questionDeadlineMs", "questionDeadlineMaxMs", "questions would wait longer than they may"],
];

/** Why this value may not be set, or null. `policy` is what would hold with it. */
export function settingFault(key: PolicyKey, value: number, policy: Policy): string | null {
  const { min, max } = SETTINGS[key];
  if (!Number.isSafeInteger(value)) return `${key}: must be a whole number.`;
  if (value < min || value > max) return `${key}: must be from ${min} to ${max}.`;
  const broken = ORDER.find(
    ([low, high]) => (low === key || high === key) && policy[low] > policy[high],
  );
  if (!broken) return null;
  const [low, high, why] = broken;
  return `${low} (${policy[low]}) would be above ${high} (${policy[high]}): ${why}.`;
}

export type Values = Readonly<Partial<Record<PolicyKey, number>>>;

/** The one resolver. */
export function resolvePolicy(defaults: Policy, ofTown: Values, ofRig: Values = {}): Policy {
  return { ...defaults, ...ofTown, ...ofRig };
}

/** Where a value comes from. */
export function layerOf(key: PolicyKey, ofTown: Values, ofRig: Values): "rig" | "town" | "default" {
  if (ofRig[key] !== undefined) return "rig";
  return ofTown[key] === undefined ? "default" : "town";
}
