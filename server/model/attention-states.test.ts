import { expect, test } from "bun:test";
import { join } from "node:path";
import {
  escalationStateSchema,
  mailStateSchema,
  questionStateSchema,
  triageStateSchema,
} from "../../protocol/index.ts";
import { columnsOf, tableAfter } from "../../tests/support/markdown-table.ts";
import {
  ESCALATION_STATUS,
  escalationAfter,
  escalationEvents,
  escalationState,
  MAIL_STATUS,
  mailAfter,
  mailEvents,
  moreSevere,
  mostSevere,
  QUESTION_STATUS,
  questionAfter,
  questionEvents,
} from "./attention-states.ts";

import { TRIAGE_STATUS, triageAfter, triageEvents } from "./triage.ts";

const spec = await Bun.file(join(import.meta.dir, "../../docs/spec.md")).text();

/** Every (state, event) of a machine as the page's table says. */
function compare<S extends string, E extends string>(
  heading: string,
  states: readonly S[],
  events: readonly E[],
  after: (state: S, event: E) => S | null,
): void {
  const rows = tableAfter(spec, heading);
  expect(columnsOf(rows)).toEqual(["event", ...states]);
  expect(rows.map((row) => row["event"])).toEqual([...events]);
  for (const event of events) {
    const row = rows.find((each) => each["event"] === event);
    for (const state of states)
      expect(`${state} ${event} ${after(state, event) ?? "–"}`).toBe(
        `${state} ${event} ${row?.[state]}`,
      );
  }
}

test("[D16] every (state, event) of an escalation is as the specification's table says", () => {
  const states = escalationStateSchema.options;
  compare("### Escalation", states, escalationEvents, escalationAfter);
});

test("[D16] nothing leaves a resolved escalation", () => {
  expect(escalationEvents.filter((event) => escalationAfter("resolved", event))).toEqual([]);
});

test("[D16] an escalation's state follows from its times, and is projected onto its bead", () => {
  expect(escalationState({ acknowledgedAt: null, resolvedAt: null })).toBe("open");
  expect(escalationState({ acknowledgedAt: 1, resolvedAt: null })).toBe("acknowledged");
  expect(escalationState({ acknowledgedAt: null, resolvedAt: 2 })).toBe("resolved");
  const told = new Map(tableAfter(spec, "### Status").map((row) => [key(row), row["status"]]));
  for (const state of escalationStateSchema.options)
    expect(told.get(`escalation ${state}`)).toBe(ESCALATION_STATUS[state]);
});

test("[D16] severity rises step by step and ends at critical", () => {
  expect(moreSevere("low")).toBe("medium");
  expect(moreSevere("medium")).toBe("high");
  expect(moreSevere("high")).toBe("critical");
  expect(moreSevere("critical")).toBe("critical");
  expect(mostSevere("high", "low")).toBe("high");
  expect(mostSevere("medium", "critical")).toBe("critical");
});

test("[C11] every (state, event) of a message is as the specification's table says", () => {
  compare("### Mail", mailStateSchema.options, mailEvents, mailAfter);
  const told = new Map(tableAfter(spec, "### Status").map((row) => [key(row), row["status"]]));
  for (const state of mailStateSchema.options)
    expect(told.get(`mail ${state}`)).toBe(MAIL_STATUS[state]);
});

test("[B19] every (state, event) of a question is as the specification's table says", () => {
  compare("### Question", questionStateSchema.options, questionEvents, questionAfter);
  const told = new Map(tableAfter(spec, "### Status").map((row) => [key(row), row["status"]]));
  for (const state of questionStateSchema.options)
    expect(told.get(`question ${state}`)).toBe(QUESTION_STATUS[state]);
});

function key(row: Record<string, string>): string {
  return `${row["type"]} ${row["state"]}`;
}

test("[B2] every (state, event) of a request of triage is as the specification's table says", () => {
  compare("### Request of triage", triageStateSchema.options, triageEvents, triageAfter);
  const told = new Map(tableAfter(spec, "### Status").map((row) => [key(row), row["status"]]));
  for (const state of triageStateSchema.options)
    expect(told.get(`triage_request ${state}`)).toBe(TRIAGE_STATUS[state]);
});
