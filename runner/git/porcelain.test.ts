import { expect, test } from "bun:test";
import { isBranchName, laneRef, runBranch, wipRef } from "./names.ts";
import { fieldsOfZ, isOid, pushedRefs, refsOf } from "./porcelain.ts";
import { onlyMoved, refusalOf } from "./push.ts";

const a = "a".repeat(40);

test("[D2] an `=` line of a push is a refusal, and refusals tell a moved ref from a forbidden one", () => {
  const text = [
    "To /x/remote",
    `!\t${a}:refs/heads/main\t[rejected] (stale info)`,
    `=\t${a}:refs/gastown/lane/1\t[up to date]`,
    `*\t${a}:refs/heads/new\t[new branch]`,
    ` \t${a}:refs/heads/ff\taaaaaaa..bbbbbbb`,
    "-\t:refs/heads/gone\t[deleted]",
    "Done",
  ].join("\n");
  const refs = pushedRefs(text);
  expect(refs.map(({ ref, state }) => [ref, state])).toEqual([
    ["refs/heads/main", "refused"],
    ["refs/gastown/lane/1", "same"],
    ["refs/heads/new", "updated"],
    ["refs/heads/ff", "updated"],
    ["refs/heads/gone", "updated"],
  ]);
  expect(onlyMoved(refs)).toBe(true);
  expect(refusalOf(refs)).toBe(
    "refs/heads/main: [rejected] (stale info); refs/gastown/lane/1: [up to date]",
  );
  const forbidden = pushedRefs(
    `!\t${a}:refs/heads/main\t[remote rejected] (hook declined)\n!\t${a}:refs/x\t[remote rejected] (atomic push failure)`,
  );
  expect(onlyMoved(forbidden)).toBe(false);
});

test("[D2] oids, refs and fields are read strictly", () => {
  expect([
    isOid(a),
    isOid("A".repeat(40)),
    isOid("a".repeat(39)),
    isOid(`${a}\n`),
    isOid("a".repeat(64)),
  ]).toEqual([true, false, false, false, true]);
  expect([...refsOf(`${a}\trefs/heads/x\nnonsense\n${a}\n`)]).toEqual([["refs/heads/x", a]]);
  expect(fieldsOfZ("x\0y z\0\0")).toEqual(["x", "y z", ""]);
});

test("[C4] ids become parts of refs and paths only when they are plain", () => {
  expect(runBranch("bd_1", "rn_2")).toBe("gastown/run/bd_1/rn_2");
  expect(wipRef("bd_1", "rn_2")).toBe("refs/gastown/wip/bd_1/rn_2");
  for (const bad of ["", "..", "a/b", "a.lock", "-x", "a b", "a\n", "x".repeat(101)])
    expect(() => runBranch(bad, "rn")).toThrow();
  expect(laneRef("refs/heads/main")).toMatch(/^refs\/gastown\/lane\/[0-9a-f]{40}$/);
  expect(["main", "feature/x", "v1.2"].every(isBranchName)).toBe(true);
  expect(
    [
      "",
      "-x",
      "a..b",
      "a b",
      "a/.b",
      "x.lock",
      "@{u}",
      "a//b",
      "/a",
      "a/",
      "a\\b",
      "a:b",
      "+x:y",
    ].filter(isBranchName),
  ).toEqual([]);
});
