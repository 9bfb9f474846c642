import { expect, test } from "bun:test";
import { answerPermission } from "./acp-permission.ts";

const options = [
  { optionId: "always", kind: "allow_always" },
  { optionId: "once", kind: "allow_once" },
  { optionId: "no", kind: "reject_once" },
];
const servers = [{ name: "rig-docs", line: "docs" }];
const ask = (role: "polecat" | "refinery" | "mayor", kind: string | null, title = "x") =>
  answerPermission({ role, servers }, { toolCall: { title, kind }, options });
const yes = { allowed: true, outcome: { outcome: "selected" as const, optionId: "once" } };
const no = { allowed: false, outcome: { outcome: "selected" as const, optionId: "no" } };

test("[C19] an agent that asks may do what its role has, once, and nothing else", () => {
  for (const kind of ["read", "search", "edit", "delete", "move", "execute"])
    expect(ask("polecat", kind)).toEqual(yes);
  for (const kind of ["fetch", "switch_mode", "other", "unheard_of", null])
    expect(ask("polecat", kind)).toEqual(no);
  expect(ask("refinery", "read")).toEqual(yes);
  for (const kind of ["edit", "execute", "delete"]) expect(ask("refinery", kind)).toEqual(no);
  expect(ask("mayor", "read")).toEqual(no);
});

test("[C19] the town's tools are allowed to the role that has them, under whatever name they are asked for", () => {
  expect(ask("polecat", "other", "gastown_gt_done")).toEqual(yes);
  expect(ask("polecat", null, "mcp__gastown__gt_done")).toEqual(yes);
  expect(ask("polecat", "other", "gt_done (gastown)")).toEqual(yes);
  expect(ask("polecat", "other", "gastown_gt_verdict")).toEqual(no);
  expect(ask("polecat", "other", "badgt_done")).toEqual(no);
});

test("[C25] tools of the rig's servers are allowed by the names that programs give them, and by no others", () => {
  const titles = ["rig-docs_find", "mcp__rig-docs__find", "rig-docs/find", "Tool: rig-docs.find"];
  for (const title of titles) expect(ask("refinery", "other", title)).toEqual(yes);
  const others = [
    "rig-docs",
    "Fetch https://a.test/rig-docs_find",
    "rig-other_find",
    "rig-docs_a b",
  ];
  for (const title of others) expect(ask("refinery", "fetch", title)).toEqual(no);
  expect(ask("refinery", "execute", "rig-docs_find")).toEqual(no);
});

test("[C19] a request whose answers do not fit is called off", () => {
  const toolCall = { title: "x", kind: "edit" };
  expect(answerPermission({ role: "refinery", servers }, { toolCall, options: [] })).toEqual({
    allowed: false,
    outcome: { outcome: "cancelled" },
  });
  const always = [{ optionId: "always", kind: "allow_always" }];
  expect(
    answerPermission({ role: "polecat", servers }, { toolCall, options: always }),
  ).toMatchObject({
    allowed: true,
    outcome: { optionId: "always" },
  });
});
