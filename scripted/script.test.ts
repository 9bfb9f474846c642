import { describe, expect, test } from "bun:test";
import { chooseTurn } from "./choose-turn.ts";
import { readConversation } from "./conversation.ts";
import { defaultScript } from "./default-script.ts";
import { compilePattern, literalPattern } from "./pattern.ts";
import { chatRequestSchema } from "./request.ts";
import { parseScript, scriptSchema, type ScriptInput } from "./script.ts";

function ask(role: string, message: string, assistantTurns = 0) {
  const spoken = Array.from({ length: assistantTurns }, () => ({
    role: "assistant",
    content: "x",
  }));
  const messages = [
    { role: "system", content: `Role: ${role}` },
    { role: "user", content: message },
    ...spoken,
  ];
  return readConversation(chatRequestSchema.parse({ model: "m", messages }));
}

function scriptOf(entries: ScriptInput["entries"]) {
  return scriptSchema.parse({ name: "t", entries });
}

describe("patterns", () => {
  test.each([
    ["Mend *", "Mend the fence", ["Mend the fence", "the fence"]],
    ["Mend ?", "Mend it", null],
    ["/fence$/i", "Mend the FENCE", ["FENCE"]],
    ["/^(\\w+) (the)/", "Mend the fence", ["Mend the", "Mend", "the"]],
    ["A (b) [c] $1.", "A (b) [c] $1.", ["A (b) [c] $1."]],
    [literalPattern("a/b (c)?"), "say a/b (c)? now", ["a/b (c)?"]],
  ])("[A1] %p on %p", (pattern, text, expected) => {
    expect(compilePattern(pattern)(text)).toEqual(expected);
  });
});

describe("choice of a turn", () => {
  const script = scriptOf([
    { role: "polecat", title: "Mend *", attempt: 1, turns: [{ text: "first try at {{match.1}}" }] },
    { role: "polecat", title: "Mend *", round: 2, turns: [{ text: "reworked" }] },
    { role: "polecat", title: "Mend *", turns: [{ text: "a" }, { text: "b" }] },
    { role: "mayor", says: "/build (?:a|the) (\\w+)/i", turns: [{ text: "A {{match.1}} it is" }] },
  ]);

  test.each([
    ["polecat", "Bead: Mend it\nAttempt: 1\nRound: 2", 0, "first try at it"],
    ["polecat", "Bead: Mend it\nAttempt: 2\nRound: 2", 0, "reworked"],
    ["polecat", "Bead: Mend it\nAttempt: 2", 1, "b"],
    ["mayor", "Please build the shed", 0, "A shed it is"],
  ])("[A1] %s with %p at turn %d says %p", (role, message, turns, expected) => {
    expect(chooseTurn(script, ask(role, message, turns)).text).toBe(expected);
  });

  test("[A1] past the last turn, without an entry, without a role, without a value: a visible text and no tool call", () => {
    const broken = scriptOf([
      {
        role: "refinery",
        turns: [{ tools: [{ name: "read", arguments: { filePath: "{{tool.last}}" } }] }],
      },
    ]);
    const answers = [
      chooseTurn(script, ask("polecat", "Bead: Mend it\nAttempt: 2", 2)),
      chooseTurn(script, ask("polecat", "Bead: Paint it")),
      chooseTurn(script, ask("nobody", "Title please")),
      chooseTurn(broken, ask("refinery", "Bead: x")),
    ];
    expect(answers.map((answer) => answer.text)).toEqual([
      script.defaults.afterLast,
      'scripted model: no entry for polecat, bead "Paint it", attempt 1, round 1',
      script.defaults.plain,
      'scripted model: nothing in the request fills {{tool.last}} for refinery, bead "x", attempt 1, round 1',
    ]);
    expect(answers.flatMap((answer) => answer.calls)).toEqual([]);
  });
});

describe("reading a script", () => {
  test("[A1] what is wrong is said with its place", () => {
    const wrong = (value: unknown) => {
      const read = parseScript(typeof value === "string" ? value : JSON.stringify(value));
      return read.ok ? "fine" : read.error.message;
    };
    expect(wrong("{")).toContain("not JSON");
    expect(wrong({ name: "x", entries: [] })).toContain("entries");
    expect(
      wrong({ name: "x", entries: [{ role: "polecat", title: "/(/", turns: [{}] }] }),
    ).toContain("entries.0.title");
    expect(
      wrong({ name: "x", entries: [{ role: "polecat", turns: [{ fault: { kind: "flood" } }] }] }),
    ).toContain("entries.0.turns.0.fault");
    expect(wrong({ name: "x", entries: [{ role: "polecat", turns: [{ pause: 3 }] }] })).toContain(
      "entries.0.turns.0",
    );
    expect(wrong({ name: "x", entries: [{ role: "polecat", turns: [{}] }] })).toBe("fine");
  });
});

describe("the default script", () => {
  test("[A1] the Mayor slings one bead on the first rig that gt_rigs names", () => {
    const rigs = JSON.stringify({
      rigs: [
        { id: "rg_01hzy6k2v7", name: "one" },
        { id: "rg_02hzy6k2v7", name: "two" },
      ],
    });
    const messages = [
      { role: "system", content: "Role: mayor" },
      { role: "user", content: "Add a line\nsomewhere" },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "a", function: { name: "gastown_gt_rigs", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "a", content: rigs },
    ];
    const tools = [{ function: { name: "gastown_gt_sling" } }];
    const answer = chooseTurn(
      defaultScript,
      readConversation(chatRequestSchema.parse({ model: "m", messages, tools })),
    );
    expect(answer.calls.map((call) => [call.name, JSON.parse(call.argumentsJson)])).toEqual([
      [
        "gastown_gt_sling",
        { rig: "rg_01hzy6k2v7", title: "Add a line", body: "Add a line\nsomewhere" },
      ],
    ]);
  });
});
