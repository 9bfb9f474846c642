// What an agent is told, in every role and setting, never speaks against what it has.
import { expect, test } from "bun:test";
import { z } from "zod";
import { turnIdSchema } from "../../../protocol/ids.ts";
import { beadSpecSchema, rigSpecSchema, triageSpecSchema } from "../../../protocol/run-spec.ts";
import type { Role } from "../../../protocol/run.ts";
import { firstMessage } from "../briefing.ts";
import { BUILT_IN_TOOLS, TOOLS, toolNameForModel, toolsOf } from "../tools.ts";
import { triageMessage } from "../triage-briefing.ts";
import { REPROMPT_WITHOUT_RESULT, rolePrompt } from "./role-prompt.ts";

const ROLES: readonly Role[] = ["mayor", "polecat", "refinery", "triage"];
const DELIVERIES = ["none", "branch", "merge"] as const;
const zeros = "0".repeat(26);
const gate = { name: "test", command: "bun test" };
const molecule = { title: "Release", step: 1, of: 3 };
const feedback = { round: 1, source: "refinery", text: "Not yet.", comments: [] } as const;
const turn = {
  ...{ turnId: turnIdSchema.parse(`tn_${zeros}`), text: "Go on.", digest: ["one landed"] },
  journal: [{ tool: "gt_sling", arguments: "{}", answer: "made" }],
};

/** Every message that begins a run or turn of the role, by setting. */
function briefings(role: Role): Map<string, string> {
  const all = new Map<string, string>();
  if (role === "mayor") {
    all.set("fresh", firstMessage({ role, turn: { ...turn, journal: [] }, transcript: [] }));
    const transcript = [{ from: "person", text: "Begin." }] as const;
    all.set("again", firstMessage({ role, turn, transcript: [...transcript] }));
    return all;
  }
  if (role === "triage") {
    for (const standsStill of [true, false])
      all.set(`stands still ${standsStill}`, triageMessage([request(standsStill)]));
    return all;
  }
  for (const delivery of DELIVERIES)
    for (const gates of [[], [gate]])
      for (const isAgain of [false, true]) {
        const rig = rigSpecSchema.parse({
          ...{ id: `rg_${zeros}`, name: "sample", remote: "/srv/x.git", target: "main" },
          ...{ delivery, gates, setup: null, isolationConfirmed: false },
        });
        const bead = beadSpecSchema.parse({
          ...{ id: `bd_${zeros}`, title: "Sort", body: "Sort it.", delivery, convoyTitle: "All" },
          ...{ attempt: 2, round: 2, cycle: 1, answers: [] },
          ...(isAgain ? { feedback, molecule } : { feedback: null }),
        });
        const results = gates.map((each) => ({
          ...{ ...each, ok: true, code: 0, timedOut: false, durationMs: 1, log: "" },
        }));
        const change = { summary: "Sorted.", diff: "+a", changedFiles: ["a.ts"], gates: results };
        const savedOid = isAgain ? "a".repeat(40) : null;
        all.set(
          `delivery ${delivery}, ${gates.length} gates${isAgain ? ", again" : ""}`,
          role === "polecat"
            ? firstMessage({ role, bead, rig, savedOid })
            : firstMessage({ role, bead, rig, ...change }),
        );
      }
  return all;
}

function request(standsStill: boolean) {
  return triageSpecSchema.parse({
    ...{ id: `tr_${zeros}`, severity: "low", title: "Help", text: "No access." },
    bead: { id: `bd_${zeros}`, title: "Sort", body: "", state: "open", workAttempts: 1 },
    ...{ standsStill, failures: [], actions: ["retry", "guide", "hold", "escalate"] },
  });
}

/** All that the role is told by us, by where it stands. */
function told(role: Role): [where: string, text: string][] {
  const again = role === "mayor" ? [] : [["re-prompt", REPROMPT_WITHOUT_RESULT[role]] as const];
  const described = toolsOf(role).map(
    (tool) =>
      [tool.name, `${tool.description} ${JSON.stringify(z.toJSONSchema(tool.input))}`] as const,
  );
  return [["prompt", rolePrompt(role)], ...again, ...described, ...briefings(role)].map(
    ([where, text]) => [where, text],
  );
}

/** Words for what the role's tools do: parts of their names and the choices that they offer. */
function powersOf(role: Role): Set<string> {
  const words = new Set<string>();
  for (const { name, input } of toolsOf(role)) {
    for (const word of name.split("_").slice(1)) words.add(word);
    for (const [, choices = ""] of JSON.stringify(z.toJSONSchema(input)).matchAll(
      /"enum":\[(.*?)\]/g,
    ))
      for (const [, choice = ""] of choices.matchAll(/"(.*?)"/g))
        for (const word of choice.split("_")) words.add(word);
  }
  return words;
}

for (const role of ROLES) {
  test(`[C1] what a ${role} is told names no tool that it does not have, in any setting`, () => {
    const own = new Set(toolsOf(role).map(({ name }) => name));
    for (const [where, text] of told(role)) {
      const named = [...text.matchAll(/\bgt_[a-z_]+/g)].map(([name]) => name);
      // The journal of a turn names what was called, which only the Mayor's can.
      expect([where, named.filter((name) => !own.has(name))]).toEqual([where, []]);
    }
  });

  test(`[C1] what a ${role}'s prompt forbids is nothing that its tools do`, () => {
    const powers = powersOf(role);
    const forbidden = [...rolePrompt(role).matchAll(/\b(?:cannot|never) ([^.:;]*)/gi)].flatMap(
      ([, rest = ""]) => rest.toLowerCase().split(/[^a-z]+/),
    );
    expect(forbidden.filter((word) => powers.has(word))).toEqual([]);
  });

  test(`[C1] [C23] nothing that a ${role} is told has it push, in any delivery`, () => {
    for (const [where, text] of told(role)) {
      const pushes = [...text.matchAll(/[^.\n]*\bpush(es|ed|ing)?\b[^.\n]*/gi)].map(
        ([line]) => line,
      );
      expect([where, pushes.filter((line) => !/\bnever\b/i.test(line))]).toEqual([where, []]);
      expect([where, /\bforce\b|--force/i.test(text)]).toEqual([where, false]);
    }
  });
}

test("[C1] a role without gates, or without review, is not told that there are some", () => {
  const without = briefings("polecat").get("delivery merge, 0 gates") ?? "";
  expect(without).toContain("No gates are set");
  expect(rolePrompt("polecat")).toMatch(/the gates or, without any,/);
  expect(rolePrompt("refinery")).toMatch(/gates, if it has any,/);
  for (const [where, text] of told("polecat"))
    expect([where, /\breview/i.test(text) && !/feedback of round/.test(text)]).toEqual([
      where,
      false,
    ]);
});

test("[C1] only who may change files is told to, and has the means", () => {
  const writes = (role: Role) => BUILT_IN_TOOLS[role].some((name) => name === "write");
  expect(ROLES.filter(writes)).toEqual(["polecat"]);
  expect(rolePrompt("refinery")).toContain("read-only");
  expect(rolePrompt("mayor")).toContain("never write code");
  expect(rolePrompt("triage")).toContain("no repository");
});

test("[C1] every tool of the town belongs to a role, under one name", () => {
  const names = TOOLS.map(({ name }) => toolNameForModel(name));
  expect(new Set(names).size).toBe(names.length);
  for (const tool of TOOLS) expect([tool.name, tool.roles.length > 0]).toEqual([tool.name, true]);
});
