import { expect, test } from "bun:test";
import { join } from "node:path";
import {
  beadStatusSchema,
  convoyStateSchema,
  moleculeStateSchema,
  outcomeSchema,
  reviewStateSchema,
} from "../../protocol/index.ts";
import { columnsOf, tableAfter } from "../../tests/support/markdown-table.ts";
import {
  AGENT_STATUS,
  agentAfter,
  agentEvents,
  agentName,
  agentStates,
} from "./agents/agent-states.ts";
import { CONVOY_STATUS, convoyAfter, convoyEvents, convoyStates } from "./convoy-states.ts";
import {
  MOLECULE_STATUS,
  moleculeAfter,
  moleculeEvents,
  moleculeStates,
} from "./molecules/states.ts";
import { countsAs } from "./outcomes.ts";
import { POLICY } from "./policy.ts";
import {
  issueAfter,
  issueEvents,
  issueStates,
  REVIEW_STATUS,
  reviewAfter,
  reviewEvents,
  turnAfter,
  turnEvents,
  turnStates,
} from "./states.ts";

const spec = await Bun.file(join(import.meta.dir, "../../docs/spec.md")).text();

test("[B2] every (state, event) of an issue bead is as the specification's table says", () => {
  const rows = tableAfter(spec, "### Issue bead");
  expect(columnsOf(rows)).toEqual(["event", ...issueStates]);
  expect(rows.map((row) => row["event"])).toEqual([...issueEvents]);
  for (const row of rows) {
    for (const state of issueStates) {
      const event = issueEvents.find((each) => each === row["event"]);
      if (!event) throw new Error(`no event ${row["event"]}`);
      expect(`${state} ${event} ${issueAfter(state, event) ?? "–"}`).toBe(
        `${state} ${event} ${row[state]}`,
      );
    }
  }
});

test("[D4] every (state, event) of a review is as the specification's table says", () => {
  const rows = tableAfter(spec, "### Review");
  expect(columnsOf(rows)).toEqual(["event", ...reviewStateSchema.options]);
  expect(rows.map((row) => row["event"])).toEqual([...reviewEvents]);
  for (const row of rows) {
    for (const state of reviewStateSchema.options) {
      const event = reviewEvents.find((each) => each === row["event"]);
      if (!event) throw new Error(`no event ${row["event"]}`);
      expect(`${state} ${event} ${reviewAfter(state, event) ?? "–"}`).toBe(
        `${state} ${event} ${row[state]}`,
      );
    }
  }
});

test("[B6] every (state, event) of a convoy is as the specification's table says", () => {
  const rows = tableAfter(spec, "### Convoy");
  expect(columnsOf(rows)).toEqual(["event", ...convoyStates]);
  expect(rows.map((row) => row["event"])).toEqual([...convoyEvents]);
  for (const row of rows) {
    for (const state of convoyStates) {
      const event = convoyEvents.find((each) => each === row["event"]);
      if (!event) throw new Error(`no event ${row["event"]}`);
      expect(`${state} ${event} ${convoyAfter(state, event) ?? "–"}`).toBe(
        `${state} ${event} ${row[state]}`,
      );
    }
  }
});

test("[C10] every (state, event) of a turn is as the specification's table says", () => {
  const rows = tableAfter(spec, "### Turn");
  expect(columnsOf(rows)).toEqual(["event", ...turnStates]);
  expect(rows.map((row) => row["event"])).toEqual([...turnEvents]);
  for (const row of rows) {
    for (const state of turnStates) {
      const event = turnEvents.find((each) => each === row["event"]);
      if (!event) throw new Error(`no event ${row["event"]}`);
      expect(`${state} ${event} ${turnAfter(state, event) ?? "–"}`).toBe(
        `${state} ${event} ${row[state]}`,
      );
    }
  }
});

test("[B9] every (state, event) of an agent is as the specification's table says", () => {
  const rows = tableAfter(spec, "### Agent");
  expect(columnsOf(rows)).toEqual(["event", ...agentStates]);
  expect(rows.map((row) => row["event"])).toEqual([...agentEvents]);
  for (const row of rows) {
    for (const state of agentStates) {
      const event = agentEvents.find((each) => each === row["event"]);
      if (!event) throw new Error(`no event ${row["event"]}`);
      expect(`${state} ${event} ${agentAfter(state, event) ?? "–"}`).toBe(
        `${state} ${event} ${row[state]}`,
      );
    }
  }
});

test("[B9] the names of a town's agents are all different", () => {
  const names = Array.from({ length: 1_000 }, (_, n) => agentName(n));
  expect(new Set(names).size).toBe(1_000);
  expect(names.slice(0, 2)).toEqual(["Amber", "Birch"]);
  expect(names[24]).toBe("Amber 2");
});

test("[B12] every (state, event) of a molecule is as the specification's table says", () => {
  const rows = tableAfter(spec, "### Molecule");
  expect(columnsOf(rows)).toEqual(["event", ...moleculeStates]);
  expect(rows.map((row) => row["event"])).toEqual([...moleculeEvents]);
  for (const row of rows) {
    for (const state of moleculeStates) {
      const event = moleculeEvents.find((each) => each === row["event"]);
      if (!event) throw new Error(`no event ${row["event"]}`);
      expect(`${state} ${event} ${moleculeAfter(state, event) ?? "–"}`).toBe(
        `${state} ${event} ${row[state]}`,
      );
    }
  }
});

test("[B8] a closed bead and a merged review are left by no machine event", () => {
  const people = new Set(["reopened"]);
  const leaving = issueEvents.filter((event) => issueAfter("closed", event) !== null);
  expect(leaving.filter((event) => !people.has(event))).toEqual([]);
  expect(reviewEvents.filter((event) => reviewAfter("merged", event) !== null)).toEqual([]);
  expect(reviewEvents.filter((event) => reviewAfter("withdrawn", event) !== null)).toEqual([]);
});

test("[B8] only proof closes a bead as landed: merging is the only state that reaches merged", () => {
  const into = reviewStateSchema.options.flatMap((state) =>
    reviewEvents.filter((event) => reviewAfter(state, event) === "merged").map((e) => [state, e]),
  );
  expect(into).toEqual([["merging", "merge_landed"]]);
});

test("[B2] each type's state is projected as the specification's table says", () => {
  const rows = tableAfter(spec, "### Status").filter((row) =>
    ["review", "convoy", "molecule", "agent"].includes(row["type"] ?? ""),
  );
  const told = new Map(rows.map((row) => [`${row["type"]} ${row["state"]}`, row["status"]]));
  const done = [
    ...reviewStateSchema.options.map((state) => [`review ${state}`, REVIEW_STATUS[state]]),
    ...convoyStates.map((state) => [`convoy ${state}`, CONVOY_STATUS[state]]),
    ...agentStates.map((state) => [`agent ${state}`, AGENT_STATUS[state]]),
    ...moleculeStates.map((state) => [`molecule ${state}`, MOLECULE_STATUS[state]]),
  ] as const;
  expect(new Map(done.map(([key, status]) => [key, status]))).toEqual(told);
  expect([...convoyStates]).toEqual(convoyStateSchema.options);
  expect([...moleculeStates]).toEqual(moleculeStateSchema.options);
  expect([...issueStates]).toEqual(beadStatusSchema.options);
});

test("[C4] every outcome counts as the specification's table says", () => {
  const rows = tableAfter(spec, "An answer that cannot be given");
  expect(rows.map((row) => row["outcome"])).toEqual(outcomeSchema.options);
  for (const outcome of outcomeSchema.options) {
    const row = rows.find((each) => each["outcome"] === outcome);
    expect(row?.["before progress"]).toBe(countsAs(outcome, false, null));
    expect(row?.["after progress"]).toBe(countsAs(outcome, true, null));
  }
});

test("[C4] a refusal that says nothing of the bead is infrastructure, any other a failed start", () => {
  const codes = /with one of the codes ([^.]*) counts as infra/s.exec(spec)?.[1] ?? "";
  const named = [...codes.matchAll(/`(\w+)`/g)].map(([, code = ""]) => code);
  expect(named).toContain("draining");
  for (const code of named)
    expect([code, countsAs("rejected", false, code)]).toEqual([code, "infra"]);
  for (const code of ["missing_branch", "oom", "isolation_unconfirmed", "internal"])
    expect(countsAs("rejected", false, code)).toBe("start_failure");
  expect(countsAs("crashed", false, "draining")).toBe("start_failure");
});

test("[C6] the figures of the policy are those of the specification", () => {
  expect(spec).toContain(`For ${POLICY.runnerLostMs / 1_000} s after a start`);
  expect(spec).toContain(`| runs of a bead | ${POLICY.runsPerBeadMax} |`);
  expect(spec).toContain(`| tries of a turn | ${POLICY.turnTriesMax} |`);
  expect(spec).toContain(`| agents at once | ${POLICY.slots} in the town`);
  expect(spec).toContain(`told to stop ${POLICY.stopGraceMs / 60_000} minutes ago`);
  const { workAttemptsMax, startFailuresMax, roundsMax, reviewTriesMax } = POLICY;
  expect(new Set([workAttemptsMax, startFailuresMax, roundsMax, reviewTriesMax])).toEqual(
    new Set([5]),
  );
  expect(POLICY.runnerSuspectMs).toBeLessThan(POLICY.runnerLostMs);
  expect(POLICY.leaseTtlMs).toBeLessThan(POLICY.runnerSuspectMs);
});
