import { expect, test } from "bun:test";
import { countsAs, personsMatter } from "./outcomes.ts";

test.each(["repository_auth", "repository_empty", "repository_invalid", "target_missing"])(
  "[runs.md] %s is a matter of the rig, for a person",
  (code) => {
    expect(personsMatter(code)).toBe("rig");
    for (const outcome of ["rejected", "lost"] as const)
      expect(countsAs(outcome, false, code)).toBe("person");
  },
);

test("[runs.md] a refused push is a matter of its bead, for a person; other ends are nobody's", () => {
  expect(personsMatter("push_refused")).toBe("bead");
  expect([personsMatter("oom"), personsMatter(null)]).toEqual([null, null]);
});

test.each(["model_auth", "model_unknown"])("[C24] %s is no fault of the bead", (code) => {
  expect(countsAs("rejected", false, code)).toBe("nothing");
});

test.each([
  "model_unreachable",
  "no_capacity",
  "draining",
  "stopped",
  "stale_fence",
  "older_run",
  "forbidden",
  "base_behind",
  "offline",
  "deadline",
  "stale_connection",
])("[runs.md] a start that failed by %s is infrastructure", (code) => {
  expect(countsAs("rejected", true, code)).toBe("infra");
});
