import { expect, test } from "bun:test";
import {
  polecat,
  refinery,
  stage,
  STEPS_MAX,
  type Stage,
  url,
} from "../../tests/support/one-bead.ts";
import type { AgentSpec } from "../../runner/agents/driver.ts";
import type { Answer, Mind } from "../agent/answer.ts";
import { runUntil } from "../steps.ts";

const draft: Answer = { writes: { "draft.txt": "one\ntwo\n" }, goesOn: true };

/** A first turn that leaves a draft, and one that adds to it. */
const inTurns: readonly Answer[] = [
  draft,
  { text: "A first draft." },
  { writes: { "draft.txt": "one\ntwo\nthree\n" }, goesOn: true },
  { text: "Some more." },
];

/** The first polecat is of the given mind; all that come after finish. */
function mind(answers: readonly Answer[]) {
  let met = false;
  return ({ role }: AgentSpec): Mind => {
    const sound = role === "polecat" ? polecat : refinery;
    const left = [...(role === "polecat" && !met ? answers : sound)];
    met ||= role === "polecat";
    return () => left.shift() ?? {};
  };
}

/** What the rig's repository holds of saved work. */
const copies = ({ remote }: Stage) =>
  [...remote.repository.refs].filter(([ref]) => ref.startsWith("refs/gastown/wip/"));
const textOf = ({ forge }: Stage, oid: string) => forge.objects.files(oid)?.get("draft.txt");
const played = (scene: Stage) => runUntil(scene.clock, () => scene.town.done, STEPS_MAX);

test("[C20] when a turn has ended, the rig's repository holds what it left, and the town knows", async () => {
  const scene = stage({ mindOf: mind(inTurns) });
  scene.host.start();
  const seen: (string | undefined)[] = [];
  for (const nth of [1, 2]) {
    await runUntil(scene.clock, () => scene.town.of("saved_copy").length >= nth, STEPS_MAX);
    const oid = copies(scene)[0]?.[1] ?? "";
    seen.push(textOf(scene, oid));
    const saved = scene.town.of("saved_work").at(-1);
    expect(saved).toMatchObject({ oid, atRisk: nth === 1 ? 2 : 1, lines: nth + 1, kept: null });
    expect(scene.town.of("saved_copy").at(-1)).toMatchObject({ oid, atRisk: 0, reason: null });
  }
  expect(seen).toEqual(["one\ntwo\n", "one\ntwo\nthree\n"]);
  await played(scene);
  expect(scene.town.faults).toEqual([]);
});

test("[C20] a turn that changed nothing is neither saved nor copied once more", async () => {
  const idle: Answer[] = [draft, { text: "A draft." }, { text: "Thinking." }];
  const scene = stage({ mindOf: mind(idle) });
  scene.host.start();
  await played(scene);
  const saved = scene.town.of("saved_work").map(({ oid }) => oid);
  expect(new Set(saved).size).toBe(saved.length);
  const { runId } = scene.town.facts[0] ?? {};
  const first = scene.town.facts
    .filter((fact) => fact.runId === runId)
    .map(({ body }) => body.kind);
  expect(first.filter((kind) => kind.startsWith("saved_"))).toEqual(["saved_work", "saved_copy"]);
  expect(first).toContain("exit");
});

test("[C20] while the repository cannot be reached the town is told why, the agent works on, and the copy follows", async () => {
  let isAway = true;
  const scene = stage({ mindOf: mind(inTurns) });
  scene.forge.fault = ({ writes }) => (isAway && writes ? "unreachable" : null);
  scene.host.start();
  await runUntil(scene.clock, () => scene.town.of("saved_work").length >= 2, STEPS_MAX);
  expect(copies(scene)).toEqual([]);
  await runUntil(scene.clock, () => scene.town.of("saved_copy").length > 0, STEPS_MAX);
  expect(scene.town.of("saved_copy")[0]?.reason).toContain("cannot be reached");
  isAway = false;
  await played(scene);
  const held = scene.town.of("saved_copy").filter(({ reason }) => reason === null);
  for (const run of new Set(scene.town.facts.map(({ runId }) => runId))) {
    const last = scene.town.facts.findLast(
      ({ runId, body }) => runId === run && body.kind === "saved_work",
    )?.body;
    if (last?.kind === "saved_work") expect(held.map(({ oid }) => oid)).toContain(last.oid);
  }
});

test("[C20] [C2] a repository that lets nobody in is asked again until its credential is mended, and then holds what was saved", async () => {
  const scene = stage({ mindOf: mind([draft, { text: "A draft." }, { silent: true }]) });
  let isLocked = true;
  scene.forge.fault = ({ writes }) => (isLocked && writes ? "locked" : null);
  scene.host.start();
  await runUntil(scene.clock, () => scene.town.of("saved_copy").length > 0, STEPS_MAX);
  expect(scene.town.of("saved_copy")[0]?.reason).toContain("refuses the credential");
  // Longer than what the repository does not take is tried.
  scene.clock.after(60_000, () => (isLocked = false));
  const first = scene.town.facts.find(({ body }) => body.kind === "saved_copy")?.runId ?? "";
  const ofFirst = () => copies(scene).find(([ref]) => ref.endsWith(first));
  await runUntil(scene.clock, () => ofFirst() !== undefined, STEPS_MAX);
  expect(textOf(scene, ofFirst()?.[1] ?? "")).toBe("one\ntwo\n");
});

test("[C20] a runner that is killed before it copied goes on with that after its start", async () => {
  const scene = stage({ mindOf: mind([draft, { text: "A draft." }, { silent: true }]) });
  let isAway = true;
  scene.forge.fault = ({ writes }) => (isAway && writes ? "unreachable" : null);
  scene.host.start();
  await runUntil(scene.clock, () => scene.town.of("saved_copy").length > 0, STEPS_MAX);
  scene.host.kill();
  isAway = false;
  scene.clock.after(500, () => scene.host.start());
  await runUntil(scene.clock, () => copies(scene).length > 0, STEPS_MAX);
  expect(textOf(scene, copies(scene)[0]?.[1] ?? "")).toBe("one\ntwo\n");
  await played(scene);
});

test("[C20] a ref that somebody else has put there is left alone, and that is told", async () => {
  const scene = stage({ mindOf: mind(inTurns) });
  const foreign = scene.forge.stray(url, "elsewhere", new Map([["x.txt", "x\n"]]));
  scene.forge.move(url, "refs/heads/elsewhere", null);
  scene.host.start();
  const spec = () => [...scene.host.files.trees.values()][0]?.record;
  await runUntil(scene.clock, () => spec() !== undefined, STEPS_MAX);
  const ref = `refs/gastown/wip/${scene.bead.id}/${spec()?.runId}`;
  scene.forge.move(url, ref, foreign);
  await runUntil(scene.clock, () => scene.town.of("saved_copy").length > 0, STEPS_MAX);
  expect(scene.town.of("saved_copy")[0]?.reason).toContain("did not save");
  await played(scene);
  expect(copies(scene)).toEqual([[ref, foreign]]);
});

test("[C20] a rig that keeps saved work on its runner gets no copy of it", async () => {
  const scene = stage({ mindOf: mind(inTurns) });
  scene.rig.savedKept = "rig";
  scene.host.start();
  await played(scene);
  expect(copies(scene)).toEqual([]);
  expect(scene.town.of("saved_work")[0]).toMatchObject({ kept: "rig", atRisk: 2 });
});
