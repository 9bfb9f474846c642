import { expect, test } from "bun:test";
import { fallbackOf, fingerprintOf } from "./question.ts";

const asked = { kind: "question", text: "Tabs, or spaces?", options: ["tabs", "spaces"] } as const;

test("[B19] questions that differ in case, punctuation or the order of options are equal", () => {
  const equal = { ...asked, text: "tabs or  SPACES", options: ["Spaces", "tabs."] };
  expect(fingerprintOf(equal)).toBe(fingerprintOf(asked));
});

test("[B19] questions of other words, options or kind are not", () => {
  const others = [
    { ...asked, text: "Tabs or blanks?" },
    { ...asked, options: ["tabs"] },
    { ...asked, kind: "permission" as const },
  ];
  for (const other of others) expect(fingerprintOf(other)).not.toBe(fingerprintOf(asked));
});

test("[B19] what counts at the deadline: the default, else what does no harm", () => {
  const open = { kind: "question", default: null, recommendation: "tabs" } as const;
  expect(fallbackOf({ ...open, default: "spaces", revertible: false })).toBe("spaces");
  expect(fallbackOf({ ...open, revertible: true })).toBe("tabs");
  expect(fallbackOf({ ...open, revertible: false })).toContain("cannot be undone");
  expect(fallbackOf({ ...open, recommendation: null, revertible: true })).toContain("easiest");
  const may = { kind: "permission", default: null, recommendation: "allow" } as const;
  expect(fallbackOf({ ...may, revertible: true })).toBe("deny");
});
