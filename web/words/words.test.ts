import { describe, expect, test } from "bun:test";
import { shortId } from "../../protocol/index.ts";
import { age, ago, duration, running, until } from "./age.ts";
import { compact, contextWords, count, fullWords, money, spent } from "./figures.ts";
import { actorOf, pieces, sentence, withShortIds } from "./history.ts";
import { beganWords, issueLook, reviewLook, runLook } from "./states.ts";
import { triageText } from "./triage.ts";

const bead = `bd_${"a".repeat(20)}bcdefg`;

describe("[E5] times", () => {
  test("durations have at most two units", () => {
    expect(duration(850)).toBe("850 ms");
    expect(duration(2_140)).toBe("2.1 s");
    expect(duration(72_000)).toBe("1 min 12 s");
    expect(duration(3_600_000)).toBe("1 h");
    expect(duration(90_000_000)).toBe("1 d 1 h");
  });

  test("ages never run ahead of the clock", () => {
    expect(age(1_000, 0)).toBe("now");
    expect(age(0, 59_999)).toBe("59 s");
    expect(age(0, 60_000)).toBe("1 min");
    expect(ago(0, 7_200_000)).toBe("2 h ago");
    expect(ago(0, 500)).toBe("just now");
  });

  test("what is awaited says until when", () => {
    expect(until(74_000, 0)).toBe("in 1 min 14 s");
    expect(until(5_200, 0)).toBe("in 5 s");
    expect(until(0, 10)).toBe("any moment");
  });

  test("what goes on counts in whole seconds", () => {
    expect([running(-5), running(2_700), running(72_900)]).toEqual(["0 s", "2 s", "1 min 12 s"]);
  });
});

test("[C10] a rework says where it began", () => {
  expect(beganWords({ how: "resumed" })).toBe("In its author's session.");
  expect(beganWords({ how: "afresh", why: "Nothing was kept." })).toBe("Afresh. Nothing was kept.");
});

describe("[E5] figures", () => {
  test("calls without a price are said, not counted as free", () => {
    const tokens = { inputTokens: 1, outputTokens: 1, reasoningTokens: 0 };
    const cost = (calls: number, unpricedCalls: number, costUsd: number) =>
      spent({ ...tokens, cacheReadTokens: 0, cacheWriteTokens: 0, calls, unpricedCalls, costUsd });
    expect(cost(3, 0, 1.5)).toBe("$1.50");
    expect(cost(3, 1, 1.5)).toBe("$1.50 + 1 unpriced");
    expect(cost(3, 3, 0)).toBe("unpriced");
  });

  test("[C10] a conversation says what it takes of its window, and how often it was summarised", () => {
    const use = { tokens: 84_000, windowTokens: 200_000, compactions: 0 };
    expect(contextWords(use)).toBe("84k of 200k tokens · 42%");
    expect(contextWords({ ...use, compactions: 1 })).toEndWith("summarised once");
    expect(contextWords({ tokens: 900, windowTokens: null, compactions: 3 })).toBe(
      "900 tokens · summarised 3 times",
    );
    expect(fullWords(use)).toBeNull();
    expect(fullWords({ ...use, tokens: 124_000 })).toBe("62% of context");
  });

  test("are short and never hide a cost", () => {
    expect(compact(940)).toBe("940");
    expect(compact(12_400)).toBe("12.4k");
    expect(compact(3_100_000)).toBe("3.1M");
    expect(money(0.004)).toBe("<$0.01");
    expect(money(0)).toBe("$0");
    expect(money(2.876)).toBe("$2.88");
    expect(count(1, "bead")).toBe("1 bead");
    expect(count(3, "bead")).toBe("3 beads");
  });
});

describe("[E5] history", () => {
  test("names who did it and links what can be opened", () => {
    expect(actorOf("person:owner")).toEqual({ label: "You", id: null });
    expect(actorOf(`run:${bead}`)).toEqual({ label: `run ${shortId(bead)}`, id: bead });
    expect(actorOf("town").label).toBe("The town");
  });

  test("is told in sentences", () => {
    expect(sentence({ text: "slung as part of a convoy", kind: "created" })).toBe(
      "Slung as part of a convoy.",
    );
    expect(sentence({ text: "", kind: "run_lost" })).toBe("Run lost.");
    expect(sentence({ text: "Why?", kind: "x" })).toBe("Why?");
  });

  test("ids inside a text become links", () => {
    expect(pieces(`waits for ${bead} to land`)).toEqual([
      { text: "waits for " },
      { id: bead },
      { text: " to land" },
    ]);
    expect(withShortIds(`waits for ${bead}`)).toBe(`waits for ${shortId(bead)}`);
    expect(withShortIds(`lane:rg${bead.slice(2)}:main`)).toBe(
      `lane:${shortId(`rg${bead.slice(2)}`)}:main`,
    );
  });
});

describe("[E4] states", () => {
  test("[B8] only a landing looks landed", () => {
    expect(issueLook({ status: "closed", outcome: "landed" }).hue).toBe("landed");
    expect(issueLook({ status: "closed", outcome: "cancelled" }).hue).toBe("open");
  });

  test("what waits for a person has its own shape", () => {
    expect(reviewLook("needs_person")).toEqual({
      hue: "waiting",
      shape: "alert",
      label: "Needs you",
    });
  });

  test("an ended run says how", () => {
    expect(runLook({ state: "ended", outcome: "lost" }).label).toBe("Lost");
    expect(runLook({ state: "running", outcome: null }).label).toBe("Running");
  });
});

describe("[C1] triage", () => {
  const triage = { id: `tr_${"a".repeat(26)}`, isTaken: false, action: null, note: null } as const;

  test("an escalation says who looks at it, and what was decided", () => {
    expect(triageText({ ...triage, state: "open" })).toBe("Triage is asked about it.");
    expect(triageText({ ...triage, state: "open", isTaken: true })).toBe(
      "Triage is looking at it.",
    );
    const hold = { ...triage, state: "decided", action: "hold", note: "No key." } as const;
    expect(triageText(hold)).toBe("Triage decided: held until you release it. “No key.”");
    expect(triageText({ ...triage, state: "expired" })).toBe("Triage could not decide.");
    expect(triageText({ ...triage, state: "withdrawn" })).toBeNull();
  });
});
