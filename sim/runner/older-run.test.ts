import { expect, test } from "bun:test";
import {
  expectLandedOnce,
  polecat,
  refinery,
  stage,
  STEPS_MAX,
} from "../../tests/support/one-bead.ts";
import type { AgentSpec } from "../../runner/agents/driver.ts";
import type { Answer, Mind } from "../agent/answer.ts";
import { runUntil } from "../steps.ts";

/** The first polecat leaves a draft, writes at another, which nobody has saved, and says nothing more. */
const drafting: readonly Answer[] = [
  { writes: { "draft.txt": "one\n" }, goesOn: true },
  { text: "A first draft." },
  { writes: { "draft.txt": "one\ntwo\n" }, goesOn: true },
  { silent: true },
];

function mind() {
  let met = false;
  return ({ role }: AgentSpec): Mind => {
    const left = [...(role === "refinery" ? refinery : met ? polecat : drafting)];
    if (role === "polecat") met = true;
    return () => left.shift() ?? {};
  };
}

test("[C7] [C20] a runner that was given up takes the bead's next run only when the older one has ended there, and it begins from what that saved", async () => {
  const scene = stage({ mindOf: mind() });
  const { town } = scene;
  scene.host.start();
  await runUntil(scene.clock, () => town.of("saved_work").length >= 1, STEPS_MAX);
  const first = town.of("saved_work").at(-1)?.oid;
  await runUntil(scene.clock, () => draftOf(scene) === "one\ntwo\n", STEPS_MAX);
  town.giveUp();
  await runUntil(scene.clock, () => town.done, STEPS_MAX);
  const refused = town.answers.filter(({ answer }) => !answer.accepted);
  expect(refused.length).toBeGreaterThan(0);
  for (const { answer } of refused) expect(answer).toMatchObject({ code: "older_run" });
  const works = town.answers.filter(({ spec, answer }) => spec.kind === "work" && answer.accepted);
  expect(works).toHaveLength(2);
  const [older, next] = works.map(({ spec }) => spec);
  const lasts = town.facts.flatMap(({ runId, body }) =>
    runId === older?.runId && body.kind === "saved_work" ? [body.oid] : [],
  );
  expect(lasts.at(-1)).not.toBe(first);
  expect(next).toMatchObject({ savedWork: { oid: lasts.at(-1) } });
  expect(scene.forge.filesOf("sim:sample", "main").get("draft.txt")).toBe("one\ntwo\n");
  expectLandedOnce(scene);
});

/** What lies in the tree of the agent that is at work. */
function draftOf({ host }: ReturnType<typeof stage>): string | undefined {
  const [tree] = [...host.files.trees.values()];
  return tree?.files.get("draft.txt");
}
