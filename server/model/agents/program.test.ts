import { expect, test } from "bun:test";
import { mayDifferByRig, resolveProgram } from "./program.ts";

test("[C19] a rig's program goes before the town's, and that before the default", () => {
  const choices = new Map([
    ["town", { polecat: "opencode" as const }],
    ["rg_1", { polecat: "kilo" as const }],
  ]);
  const of = (rigId: string | null, role: "polecat" | "mayor") =>
    resolveProgram(choices, rigId, role);
  expect(of("rg_1", "polecat")).toEqual({ program: "kilo", from: "rig" });
  expect(of("rg_2", "polecat")).toEqual({ program: "opencode", from: "town" });
  expect(of(null, "polecat")).toEqual({ program: "opencode", from: "town" });
  expect(of("rg_1", "mayor")).toEqual({ program: "kilo", from: "default" });
});

test("[C19] only roles that work for a rig may differ from rig to rig", () => {
  const roles = ["mayor", "polecat", "refinery", "triage"] as const;
  expect(roles.filter(mayDifferByRig)).toEqual(["polecat", "refinery"]);
});
