// Every figure that may be set changes something: a table of figure and effect. A figure without a row does not compile.
import { expect, test } from "bun:test";
import { backOffMs } from "../model/backoff.ts";
import { nextReminderAt } from "../model/escalation.ts";
import { POLICY, type Policy } from "../model/policy.ts";
import { struck } from "../model/provider.ts";
import { coolDownMs } from "../model/triage.ts";
import { SETTINGS, type PolicyKey } from "../model/settings.ts";
import {
  agent,
  actionsOf,
  breaker,
  escalation,
  HEAD,
  issue,
  NOW,
  review,
  rig,
  round,
  run,
  runner,
  snapshot,
  spent,
  triage,
  turn,
} from "../../tests/support/snapshot.ts";
import { reconcile } from "./reconcile.ts";
import type { RunView, Snapshot } from "./snapshot.ts";

type Effect = (policy: Policy) => unknown;

/** Rules that apply to a town with these figures, for the rig of all builders. */
const rulesOf = (change: Partial<Snapshot>) => (policy: Policy) =>
  reconcile(snapshot({ policy, ...change })).steps.map(({ rule }) => rule);
const actions = (change: Partial<Snapshot>, policy: Policy) =>
  reconcile(snapshot({ policy, ...change })).steps.flatMap((step) => step.actions);

const offered =
  (change: Partial<Snapshot>): Effect =>
  (policy) =>
    actionsOf(reconcile(snapshot({ policy, ...change })).steps, "offer").map(({ request }) => {
      const given = { runId: "rn_9", fence: { epoch: 1, n: 1 }, attempt: 1 };
      const spec = request.spec({ ...given, agent: { id: "ag_1", name: "A" } });
      return [spec.limits, spec.kind === "work" && spec.remember];
    });
const work = offered({ issues: [issue()] });
const inReview = issue({ state: "in_review", reviewId: "mr_1" });
const many = Array.from({ length: 9 }, (_, n) => issue({ id: `bd_${n}` }));
const atWork = issue({ state: "in_progress" });
const stalled: Partial<RunView> = {
  state: "ended",
  outcome: "stopped_by_town",
  reason: { code: "no_progress", message: "still", source: "town" },
};
const live = (change: Partial<RunView>) => rulesOf({ issues: [atWork], runs: [run(change)] });
const elsewhere = { ref: "refs/x", oid: HEAD, baseOid: null, remoteOid: null, lines: 1 };
const silent = (ms: number) =>
  rulesOf({ runners: [runner({ lastSeenAt: NOW - ms, online: false })] });
const struckBy =
  (trouble: "throttled" | "quota"): Effect =>
  (policy) =>
    struck("agents", undefined, { trouble, reason: null, model: null }, { now: NOW, policy })
      .untilAt;
const failures = Array.from({ length: 7 }, (_, n) => ({ beadId: `bd_${n}`, at: NOW }));
const opened: Effect = (policy) =>
  actions({ breaker: breaker({ recent: [...failures, ...failures] }) }, policy)[0];
const tried = {
  lane: "agents",
  state: "throttled",
  since: NOW - 9,
  untilAt: NOW - 1,
  releaseAt: 0,
  strikes: 1,
  strikeAt: NOW - 9,
  message: "",
  model: null,
} as const;
const ambiguous = (n: number) =>
  escalation({
    id: `es_${n}`,
    subjectId: `bd_${n}`,
    ambiguous: true,
    triages: { isOpen: false, made: 1 },
  });
const triaged = (change: Partial<Snapshot>) => (policy: Policy) =>
  rulesOf(change)({ ...policy, triage: 1 });
const overDay = (figure: "microUsd" | "tokens") => (policy: Policy) => {
  const limit = { microUsd: policy.dayMicroUsdMax, tokens: policy.dayTokensMax };
  const day = { ...spent({ [figure]: 150_000_000 }), limit };
  return rulesOf({ issues: [issue()], day })(policy).concat(
    actions({ issues: [issue()], day }, policy).map((action) => action.do),
  );
};
const spentBy = (figure: "microUsd" | "tokens", value: number) =>
  live({ spent: spent({ [figure]: value }) });

/** Set, heard and seen outside the rules: tests/integration/server has a test for each. */
const ELSEWHERE = [
  "heartbeatMs",
  "leaseTtlMs",
  "acceptByMs",
  "changesKeptMs",
  "streamsKeptMs",
  "breakerWindowMs",
  "questionDeadlineMs",
  "questionDeadlineMaxMs",
  "questionsOpenMax",
  "questionsPerBeadMax",
  "mailTtlMs",
  "nudgeTtlMs",
  "savedWorkKeptMs",
  "drainGraceMs",
] as const satisfies readonly PolicyKey[];

const EFFECTS: Readonly<
  Record<Exclude<PolicyKey, (typeof ELSEWHERE)[number]>, [value: number, effect: Effect]>
> = {
  runnerSuspectMs: [1_000, silent(30_000)],
  runnerLostMs: [1_000, silent(30_000)],
  cutOffMs: [1_000, work],
  firstTokenMs: [1_000, work],
  silenceMs: [1_000, work],
  agentWallMs: [1_000, work],
  codeWallMs: [1_000, offered({ rigs: [rig({ state: "checking" })] })],
  turnsMax: [1, work],
  repromptsMax: [0, work],
  warmMs: [1, work],
  warmWorkMs: [1, work],
  startStillMs: [1_000, live({ state: "preparing", rungSince: NOW - 2_000 })],
  workStillMs: [1_000, live({ rungSince: NOW - 2_000 })],
  reviewStillMs: [
    1_000,
    rulesOf({
      issues: [inReview],
      reviews: [review({ state: "reviewing" })],
      runs: [run({ kind: "review", reviewId: "mr_1", rungSince: NOW - 2_000 })],
    }),
  ],
  stallsMax: [1, live(stalled)],
  stopGraceMs: [1_000, live({ stopOrderedAt: NOW - 2_000 })],
  awayGraceMs: [
    1_000,
    rulesOf({
      issues: [atWork],
      runs: [run()],
      runners: [runner({ away: { at: NOW - 2_000, by: "person:owner", reason: "" } })],
    }),
  ],
  slots: [1, offered({ issues: many })],
  codeSlotsPerRunner: [
    1,
    offered({
      issues: many.map((bead, n) => ({ ...bead, ...inReview, id: bead.id, reviewId: `mr_${n}` })),
      reviews: many.map(({ id }, n) => review({ id: `mr_${n}`, subjectId: id })),
    }),
  ],
  workAttemptsMax: [1, rulesOf({ issues: [issue({ workAttempts: 1 })] })],
  startFailuresMax: [1, rulesOf({ issues: [issue({ startFailures: 1 })] })],
  runsPerBeadMax: [1, rulesOf({ issues: [issue({ runsSpent: 1 })] })],
  roundsMax: [
    1,
    rulesOf({
      issues: [issue({ reviewId: "mr_1" })],
      reviews: [review({ state: "changes_requested", latest: round({ reviewerRunId: "rn_1" }) })],
    }),
  ],
  reviewTriesMax: [1, rulesOf({ issues: [inReview], reviews: [review({ tries: 1 })] })],
  turnTriesMax: [
    1,
    (policy) =>
      actions(
        {
          turns: [turn({ state: "running", runId: "rn_1", tries: 1 })],
          runs: [run({ kind: "session", state: "ended", outcome: "crashed", beadId: null })],
        },
        policy,
      ).map((action) => action.do),
  ],
  infraPatienceMs: [
    1_000,
    rulesOf({ issues: [inReview], reviews: [review({ infraSince: NOW - 2_000 })] }),
  ],
  savedWorkPatienceMs: [
    1_000,
    offered({
      issues: [issue({ saved: { ...elsewhere, runnerId: "ru_2" } })],
      runners: [runner(), runner({ id: "ru_2", online: false, lastSeenAt: NOW - 2_000 })],
    }),
  ],
  trashKeptMs: [1_000, rulesOf({ trash: [{ id: "rg_2", removedAt: NOW - 2_000 }] })],
  authorSessionMs: [0, work],
  throttleBaseMs: [1_000, struckBy("throttled")],
  staggerMs: [
    1_000,
    (policy) =>
      actions({ issues: [issue()], providers: new Map([["agents", tried]]) }, policy).find(
        (action) => action.do === "set_provider",
      ),
  ],
  quotaRetryMs: [1_000, struckBy("quota")],
  breakerStartFailures: [20, (policy) => opened(policy)],
  breakerMicroUsd: [5, rulesOf({ breaker: breaker({ spentMicroUsd: 6 }) })],
  breakerTokens: [5, rulesOf({ breaker: breaker({ spentTokens: 6 }) })],
  breakerOpenMs: [1_000, opened],
  breakerMaxMs: [1_000, opened],
  dayMicroUsdMax: [0, overDay("microUsd")],
  dayTokensMax: [1, overDay("tokens")],
  runMicroUsdMax: [1, spentBy("microUsd", 2)],
  runTokensMax: [1, spentBy("tokens", 2)],
  beadMicroUsdMax: [1, offered({ issues: [issue({ spent: spent({ microUsd: 2 }) })] })],
  beadTokensMax: [1, offered({ issues: [issue({ spent: spent({ tokens: 2 }) })] })],
  backOffBaseMs: [7, (policy) => backOffMs(1, "x", policy)],
  backOffMaxMs: [7, (policy) => backOffMs(99, "x", policy)],
  escalationRemindMs: [1_000, (policy) => nextReminderAt(NOW, "open", "high", policy)],
  triage: [POLICY.triage === 0 ? 1 : 0, rulesOf({ triages: [triage()] })],
  triageOpenMax: [1, triaged({ escalations: [1, 2].map(ambiguous) })],
  triagePerBeadMax: [1, triaged({ escalations: [1].map(ambiguous) })],
  triageTriesMax: [1, triaged({ triages: [triage({ tries: 1 })] })],
  triageWallMs: [1_000, (policy) => offered({ triages: [triage()] })({ ...policy, triage: 1 })],
  triageCoolMs: [1_000, (policy) => coolDownMs(1, policy)],
  triageCoolMaxMs: [60_001, (policy) => coolDownMs(9, policy)],
  agentIdleMs: [1_000, rulesOf({ agents: [agent({ idleSince: NOW - 2_000 })] })],
  escalationCalmMs: [1_000, (policy) => nextReminderAt(NOW, "open", "critical", policy)],
};

test.each(Object.entries(EFFECTS))(
  "[state.md] the figure %s has an effect",
  (key, [value, effect]) => {
    const before = effect(POLICY);
    expect(effect({ ...POLICY, [key]: value })).not.toEqual(before);
  },
);

const still = (beadId: string, change: Partial<RunView>) =>
  run({
    id: `rn_${beadId}`,
    beadId,
    resource: `bead:${beadId}`,
    rungSince: NOW - 2_000,
    ...change,
  });

const ofRig = Object.entries(EFFECTS).filter(([key]) => SETTINGS[key as PolicyKey].rig);
test.each(ofRig)("[state.md] a rig's own figure %s counts for the rig alone", (key, [value]) => {
  const own = { ...POLICY, [key]: value };
  const change = {
    rigs: [rig({ state: key === "codeWallMs" ? "checking" : "ready" })],
    issues: [
      issue({
        workAttempts: 1,
        startFailures: 1,
        runsSpent: 1,
        spent: spent({ microUsd: 2, tokens: 2 }),
      }),
      issue({ id: "bd_4", state: "in_review", reviewId: "mr_2" }),
      issue({ id: "bd_5", reviewId: "mr_3" }),
      issue({ id: "bd_6", state: "in_progress" }),
      issue({ id: "bd_7" }),
      issue({ id: "bd_8", state: "in_progress" }),
      issue({ id: "bd_9", state: "in_review", reviewId: "mr_4" }),
      issue({ id: "bd_10", state: "in_progress" }),
      issue({ id: "bd_11", saved: { ...elsewhere, runnerId: "ru_2" } }),
    ],
    runners: [runner(), runner({ id: "ru_2", online: false, lastSeenAt: NOW - 2_000 })],
    reviews: [
      review({ id: "mr_2", subjectId: "bd_4", tries: 1, infraSince: NOW - 2_000 }),
      review({
        id: "mr_3",
        subjectId: "bd_5",
        state: "changes_requested" as const,
        latest: round({ headOid: HEAD, reviewerRunId: "rn_1" }),
      }),
      review({ id: "mr_4", subjectId: "bd_9", state: "reviewing" as const }),
    ],
    runs: [
      still("bd_6", { spent: spent({ microUsd: 2, tokens: 2 }) }),
      still("bd_8", { state: "preparing" }),
      still("bd_9", { kind: "review", reviewId: "mr_4" }),
      still("bd_10", stalled),
    ],
    agents: [agent({ idleSince: NOW - 2_000 })],
  };
  const seen = (policies: ReadonlyMap<string, Policy>) => {
    const { steps } = reconcile(snapshot({ ...change, policies }));
    return [steps.map(({ rule, key: of }) => [rule, of]), offered({ ...change, policies })(POLICY)];
  };
  const before = seen(new Map());
  expect(seen(new Map([["rg_1", own]]))).not.toEqual(before);
  expect(seen(new Map([["rg_other", own]]))).toEqual(before);
});
