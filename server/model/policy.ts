/**
 * Every threshold of the town, with its unit. Figures of runs and leases are those of the design's
 * table (runs.md); the rest says its reason. All may be overridden when the town is opened.
 */
export interface Policy {
  heartbeatMs: number;
  leaseTtlMs: number;
  runnerSuspectMs: number;
  runnerLostMs: number;
  /** A run may work on locally while cut off. */
  cutOffMs: number;
  firstTokenMs: number;
  silenceMs: number;
  /** Wall time of a run with an agent, and of one of code. */
  agentWallMs: number;
  codeWallMs: number;
  turnsMax: number;
  repromptsMax: number;
  /** A run that has not begun its first turn is stopped after this long in one phase: a setup and a large clone fit in. */
  startStillMs: number;
  /** Without progress of a polecat, or a refinery, so long: the next rung of the ladder. */
  workStillMs: number;
  reviewStillMs: number;
  /** Runs of a bead that stood still, on end, before a person is asked. */
  stallsMax: number;
  /** A warm agent server of a session is released after this long without a turn. */
  warmMs: number;
  /** A tree and an agent that a runner keeps ready for a rig's next work are let go after this long without a sign of it. */
  warmWorkMs: number;
  acceptByMs: number;
  /** A run that was told to stop is given up after this long without word of its end. */
  stopGraceMs: number;
  /** Time that runs get to end by themselves: on a runner that stops, and on one that a person has set away. */
  drainGraceMs: number;
  awayGraceMs: number;
  /** Agent runs at once in the town; a runner's and a rig's own slots bound them too. */
  slots: number;
  /** Runs of code (check, merge, baseline) at once per runner: they cost processor time, not memory. */
  codeSlotsPerRunner: number;
  workAttemptsMax: number;
  startFailuresMax: number;
  runsPerBeadMax: number;
  roundsMax: number;
  /** Tries of one step of a review (a check, a merge) before a person is asked. */
  reviewTriesMax: number;
  turnTriesMax: number;
  /** Infrastructure that fails for longer than this is a person's matter. */
  infraPatienceMs: number;
  /** How long a bead waits for the runner that alone has its saved work, from when that was heard last. */
  savedWorkPatienceMs: number;
  /** How long the saved work of a bead is kept after it has closed. */
  savedWorkKeptMs: number;
  /** How long a deleted rig can be taken back. */
  trashKeptMs: number;
  /** A rework goes on in its author's session when that was handed in so long ago at most. 0: never. */
  authorSessionMs: number;
  /** First wait after a provider has asked to slow down; it doubles to `backOffMaxMs`. */
  throttleBaseMs: number;
  /** From one run to the next, while a provider is being tried again. */
  staggerMs: number;
  /** A used-up quota is looked at again after this, when the provider did not say when. */
  quotaRetryMs: number;
  /** The breaker counts failures to start, and spend without progress, within this window. */
  breakerWindowMs: number;
  breakerStartFailures: number;
  breakerMicroUsd: number;
  breakerTokens: number;
  /** How long it is open the first time; it doubles at each further opening up to the longest. */
  breakerOpenMs: number;
  breakerMaxMs: number;
  /** Limits of spending: of a day (UTC), a run, and a bead in its life. 0 is none. */
  dayMicroUsdMax: number;
  dayTokensMax: number;
  runMicroUsdMax: number;
  runTokensMax: number;
  beadMicroUsdMax: number;
  beadTokensMax: number;
  backOffBaseMs: number;
  backOffMaxMs: number;
  changesKeptMs: number;
  /** What agents said and did, after the run that it was of was offered. */
  streamsKeptMs: number;
  /** From one reminder of an escalation that nobody has acknowledged to the next, a step more severe. */
  escalationRemindMs: number;
  /** The same for one that is critical or was acknowledged. */
  escalationCalmMs: number;
  /** A question that says nothing of its deadline is answered by its default after this; and the longest it may say. */
  questionDeadlineMs: number;
  questionDeadlineMaxMs: number;
  /** Open questions of a bead, and all that it may ask. */
  questionsOpenMax: number;
  questionsPerBeadMax: number;
  /** A message that nobody has seen by then is not delivered any more; a nudge sooner. */
  mailTtlMs: number;
  nudgeTtlMs: number;
  /** An agent that nobody needed for this long retires. */
  agentIdleMs: number;
  /** 1: a triage agent is asked about ambiguous calls for help; 0: people alone are. */
  triage: number;
  /** Requests of triage that are open at once, and those of one bead in its life. */
  triageOpenMax: number;
  triagePerBeadMax: number;
  /** Runs that may end without deciding a request. */
  triageTriesMax: number;
  triageWallMs: number;
  /** After a run that left a request undecided; it doubles up to the longest. */
  triageCoolMs: number;
  triageCoolMaxMs: number;
}

export const POLICY: Policy = {
  heartbeatMs: 10_000,
  leaseTtlMs: 45_000,
  runnerSuspectMs: 60_000,
  runnerLostMs: 120_000,
  cutOffMs: 3_600_000,
  firstTokenMs: 180_000,
  silenceMs: 240_000,
  agentWallMs: 4 * 3_600_000,
  codeWallMs: 2 * 3_600_000,
  turnsMax: 60,
  repromptsMax: 2,
  startStillMs: 45 * 60_000,
  workStillMs: 10 * 60_000,
  reviewStillMs: 10 * 60_000,
  stallsMax: 2,
  warmMs: 300_000,
  warmWorkMs: 300_000,
  acceptByMs: 30_000,
  stopGraceMs: 300_000,
  drainGraceMs: 5_000,
  awayGraceMs: 600_000,
  slots: 4,
  codeSlotsPerRunner: 2,
  workAttemptsMax: 5,
  startFailuresMax: 5,
  runsPerBeadMax: 40,
  roundsMax: 5,
  reviewTriesMax: 5,
  turnTriesMax: 3,
  infraPatienceMs: 6 * 3_600_000,
  savedWorkPatienceMs: 15 * 60_000,
  savedWorkKeptMs: 7 * 24 * 3_600_000,
  trashKeptMs: 7 * 24 * 3_600_000,
  authorSessionMs: 4 * 3_600_000,
  throttleBaseMs: 30_000,
  staggerMs: 10_000,
  quotaRetryMs: 3_600_000,
  breakerWindowMs: 600_000,
  breakerStartFailures: 8,
  breakerMicroUsd: 20_000_000,
  breakerTokens: 20_000_000,
  breakerOpenMs: 120_000,
  breakerMaxMs: 1_800_000,
  dayMicroUsdMax: 100_000_000,
  dayTokensMax: 0,
  runMicroUsdMax: 10_000_000,
  runTokensMax: 40_000_000,
  beadMicroUsdMax: 30_000_000,
  beadTokensMax: 120_000_000,
  backOffBaseMs: 1_000,
  backOffMaxMs: 300_000,
  changesKeptMs: 24 * 3_600_000,
  streamsKeptMs: 30 * 24 * 3_600_000,
  escalationRemindMs: 4 * 3_600_000,
  escalationCalmMs: 24 * 3_600_000,
  questionDeadlineMs: 4 * 3_600_000,
  questionDeadlineMaxMs: 7 * 24 * 3_600_000,
  questionsOpenMax: 3,
  questionsPerBeadMax: 20,
  mailTtlMs: 24 * 3_600_000,
  nudgeTtlMs: 30 * 60_000,
  agentIdleMs: 7 * 24 * 3_600_000,
  triage: 1,
  triageOpenMax: 5,
  triagePerBeadMax: 5,
  triageTriesMax: 2,
  triageWallMs: 600_000,
  triageCoolMs: 60_000,
  triageCoolMaxMs: 3_600_000,
};
