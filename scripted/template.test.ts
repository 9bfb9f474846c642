import { describe, expect, test } from "bun:test";
import type { Conversation } from "./conversation.ts";
import { fillJson, fillText } from "./template.ts";

const TALK: Conversation = {
  role: "polecat",
  beadTitle: "Mend the 'fence'",
  beadId: "bd_1",
  attempt: 2,
  round: 1,
  turnIndex: 3,
  userFirst: "Bead: Mend the 'fence'\nFile: a.txt",
  userLast: "Go on",
  results: [
    {
      name: "gt_prime",
      text: JSON.stringify({
        bead: { body: "Do it\nLine: one two\n" },
        gates: [{ name: "tests", seconds: 4 }],
      }),
    },
    { name: "bash", text: "3 pass\n0 fail" },
  ],
  whole: "Hello\nHello to you",
  offeredTools: [],
  cwd: "/runs/r1/tree",
  messageCount: 9,
};

function fill(text: string, groups: readonly string[] = []) {
  const filled = fillText(text, TALK, groups);
  return filled.ok ? filled.value : `missing ${filled.missing}`;
}

describe("templates", () => {
  test.each([
    ["{{bead.id}}: {{ bead.title }}", "bd_1: Mend the 'fence'"],
    ["{{attempt}}/{{round}} {{role}} in {{cwd}}", "2/1 polecat in /runs/r1/tree"],
    ["{{user.first}} | {{user.last}}", "Bead: Mend the 'fence'\nFile: a.txt | Go on"],
    ["{{tool.last}}", "3 pass\n0 fail"],
    ["{{tool.gt_prime.json.gates.0.name}}", "tests"],
    ["{{match.1}}", "taken"],
    ["{{tool.last | /(\\d+) pass/}} passed", "3 passed"],
    ["{{context | /^Line: (.+)$/m}}", "one two"],
    ["{{context | /^File: (.+)$/m ?? b.txt}}", "a.txt"],
    ["{{context | /^Nothing: (.+)$/m ?? b.txt}}", "b.txt"],
    ["{{context | /^Nothing: (.+)$/m ??}}.", "."],
    ["{{conversation | /to (\\w+)/}}", "you"],
    ["{{bead.title | sh}}", String.raw`'Mend the '\''fence'\'''`],
    ["{{context | /^Nothing: (.+)$/m ?? it's | sh}}", String.raw`'it'\''s'`],
    ["no template { here } {{", "no template { here } {{"],
  ])("[A1] %p", (text, expected) => {
    expect(fill(text, ["whole", "taken"])).toBe(expected);
  });

  test.each([
    "bead.colour",
    "tool.gt_rigs",
    "tool.last.json.x",
    "tool.gt_prime.json.gates.9.name",
    "tool.gt_prime.json.constructor",
    "match.4",
    "user.last | /never/",
  ])("[A1] {{%s}} has no value and is named", (expression) => {
    expect(fillText(`x {{${expression}}}`, TALK, [])).toEqual({ ok: false, missing: expression });
  });

  test("[A1] a person's own words are what comes after the quotations of a turn", () => {
    const quoted = '<quoted source="the town, since the last turn">\n- bead-1 landed\n</quoted>';
    const own = (userLast: string) => fillText("{{user.words}}", { ...TALK, userLast }, []);
    expect(own(`${quoted}\n\n${quoted}\n\nBuild a lamp\nFile: a.md`)).toEqual({
      ok: true,
      value: "Build a lamp\nFile: a.md",
    });
    expect(own("Go on")).toEqual({ ok: true, value: "Go on" });
  });

  test("[A1] a string that is one template keeps the kind of its value; objects are filled inside", () => {
    const filled = fillJson(
      {
        seconds: "{{tool.gt_prime.json.gates.0.seconds}}",
        list: ["{{bead.id}}", 1, null],
        deep: { n: "{{attempt}}" },
      },
      TALK,
      [],
    );
    expect(filled).toEqual({
      ok: true,
      value: { seconds: 4, list: ["bd_1", 1, null], deep: { n: 2 } },
    });
  });
});
