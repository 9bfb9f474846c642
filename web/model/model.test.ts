import { describe, expect, test } from "bun:test";
import type { Escalation, Question, Review, Rig, Runner } from "../../protocol/index.ts";
import { markCells } from "./agent-mark.ts";
import { continuedLine, deliveryWord, pretty, stepSummary, withoutBareHeadings } from "./chat.ts";
import { convoyGraph } from "./convoy-graph.ts";
import { languageOf, splitDiff } from "./diff-files.ts";
import { makeIssue } from "./make-issue.fixture.ts";
import { type NeedSources, needsOf } from "./needs.ts";
import { pressKey, SEQUENCE_MS } from "./shortcuts.ts";

const nothing: NeedSources = {
  town: undefined,
  rigs: [],
  runners: [],
  escalations: [],
  questions: [],
  reviews: [],
  issues: [],
  convoys: [],
};
const escalation = (subjectId: string | null, severity: Escalation["severity"]) =>
  ({
    id: `es_${severity}`,
    subjectId,
    severity,
    target: "person",
    resolvedAt: null,
    createdAt: 1,
  }) as Escalation;

describe("[E1] what needs a person", () => {
  test("the most severe comes first, and what is resolved not at all", () => {
    const escalations = [
      escalation(null, "low"),
      escalation(null, "critical"),
      { ...escalation(null, "high"), resolvedAt: 2 },
    ];
    expect(needsOf({ ...nothing, escalations }).map((need) => need.key)).toEqual([
      "es_critical",
      "es_low",
    ]);
  });

  test("an escalation stands for its bead and its review", () => {
    const issue = makeIssue(1, { status: "failed" });
    const review = { id: "mr_1", subjectId: issue.id, state: "needs_person" } as Review;
    expect(
      needsOf({ ...nothing, issues: [issue], reviews: [review] }).map((need) => need.kind),
    ).toEqual(["review", "bead"]);
    const told = needsOf({
      ...nothing,
      issues: [issue],
      reviews: [review],
      escalations: [escalation(issue.id, "high")],
    });
    expect(told.map((need) => need.kind)).toEqual(["escalation"]);
  });

  test("[B19] open questions stand there, the soonest deadline first; what the Mayor is asked does not", () => {
    const question = (n: number, state: Question["state"]) =>
      ({ id: `qn_${n}`, state, deadlineAt: n }) as Question;
    const questions = [question(2, "open"), question(1, "open"), question(0, "answered")];
    const escalations = [{ ...escalation(null, "low"), target: "mayor" as const }];
    expect(needsOf({ ...nothing, questions, escalations }).map((need) => need.key)).toEqual([
      "qn_1",
      "qn_2",
    ]);
  });

  test("[C23] a runner without a sandbox asks for each unconfirmed rig", () => {
    const rigs = [
      { id: "rg_1", state: "ready", isolationConfirmed: false },
      { id: "rg_2", state: "ready", isolationConfirmed: true },
    ] as Rig[];
    const runners = [{ isolation: "none", state: "connected" }] as Runner[];
    expect(needsOf({ ...nothing, rigs, runners }).map((need) => need.key)).toEqual([
      "isolation:rg_1",
    ]);
    expect(
      needsOf({ ...nothing, rigs, runners: [{ ...runners[0], isolation: "bwrap" } as Runner] }),
    ).toEqual([]);
  });
});

describe("[E5] diff", () => {
  const diff = [
    "diff --git a/src/a.ts b/src/a.ts",
    "--- a/src/a.ts",
    "+++ b/src/a.ts",
    "@@ -1 +1 @@",
    "-old",
    "+new",
    "diff --git a/pic.png b/pic.png",
    "Binary files a/pic.png and b/pic.png differ",
    "diff --git a/x y.txt b/z y.txt",
    "similarity index 100%",
    "",
  ].join("\n");

  test("is cut into its files", () => {
    const files = splitDiff(diff);
    expect(files.map((file) => [file.oldPath, file.path, file.binary])).toEqual([
      ["src/a.ts", "src/a.ts", false],
      ["pic.png", "pic.png", true],
      ["x y.txt", "z y.txt", false],
    ]);
    expect(files[0]?.text.endsWith("+new\n")).toBe(true);
    expect(splitDiff("")).toEqual([]);
  });

  test("has a language by the file's ending", () => {
    expect(languageOf("src/a.tsx")).toBe("typescript");
    expect(languageOf("Makefile")).toBe("plaintext");
  });
});

describe("[E5] convoy graph", () => {
  const a = makeIssue(1, { status: "closed", outcome: "landed" });
  const b = makeIssue(2);
  const c = makeIssue(3);
  const dependencies = new Map([
    [b.id, [a.id]],
    [c.id, [a.id, "bd_elsewhere"]],
  ]);

  test("puts what waits after what it waits for, and leaves out what is not of the convoy", () => {
    const graph = convoyGraph([c, a, b], dependencies, "LR");
    const x = (id: string) => graph.nodes.find((node) => node.id === id)?.x ?? Number.NaN;
    expect(x(a.id)).toBeLessThan(x(b.id));
    expect(x(b.id)).toBe(x(c.id));
    expect(graph.edges.map((edge) => [edge.from, edge.to, edge.open])).toEqual([
      [a.id, b.id, true],
      [a.id, c.id, true],
    ]);
  });

  test("stands still while states change", () => {
    const places = (issues: Parameters<typeof convoyGraph>[0]) =>
      Object.fromEntries(
        convoyGraph(issues, dependencies, "LR").nodes.map((node) => [node.id, [node.x, node.y]]),
      );
    expect(places([a, b, c])).toEqual(places([c, { ...b, status: "in_progress" }, a]));
  });
});

describe("[B1] chat", () => {
  test("[C10] a turn that began a run says how the conversation went on", () => {
    expect(continuedLine(null)).toBeNull();
    expect(continuedLine({ how: "resumed" })).toBe("Resumed where the conversation was.");
    expect(continuedLine({ how: "transcript", why: "It is damaged." })).toBe(
      "Continued from the transcript. It is damaged.",
    );
  });

  test("a tool call reads as what it did", () => {
    expect(stepSummary("gastown_gt_sling_convoy", '{"title":"Checkout"}')).toEqual({
      verb: "Slung a convoy",
      subject: "Checkout",
    });
    expect(stepSummary("bash", '{"command":"bun te')).toEqual({ verb: "bash", subject: "" });
    expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(pretty("plain")).toBe("plain");
  });

  test("a heading without words below it gives way to the next", () => {
    expect(withoutBareHeadings("# Planning\n\n# On its way\n\nFive beads.\n\n## Next\n")).toBe(
      "# On its way\n\nFive beads.\n\n## Next\n",
    );
    expect(withoutBareHeadings("# Planning\n\nLet me see.\n\n# Planned")).toBe(
      "# Planning\n\nLet me see.\n\n# Planned",
    );
  });

  test("a queued message says so, one that was seen says nothing", () => {
    expect(deliveryWord("queued")).toContain("Queued");
    expect(deliveryWord("seen")).toBeNull();
  });
});

describe("[E4] keyboard", () => {
  test("g then a letter goes to a view, unless too late", () => {
    const first = pressKey(null, "g", 0);
    expect(first.action).toBeNull();
    expect(pressKey(first.pending, "b", 100).action).toEqual({ kind: "go", path: "/board" });
    expect(pressKey(first.pending, "b", SEQUENCE_MS + 1).action).toBeNull();
    expect(pressKey(first.pending, "c", SEQUENCE_MS + 1).action).toEqual({ kind: "new_bead" });
  });

  test("arrows move as j and k do", () => {
    expect(pressKey(null, "ArrowDown", 0).action).toEqual({ kind: "move", by: "next" });
    expect(pressKey(null, "k", 0).action).toEqual({ kind: "move", by: "previous" });
  });
});

test("[C13] the same agent has the same mark, and it is never empty", () => {
  expect(markCells("ag_1")).toEqual(markCells("ag_1"));
  for (let index = 0; index < 50; index++)
    expect(markCells(`ag_${index}`).length).toBeGreaterThanOrEqual(5);
});
