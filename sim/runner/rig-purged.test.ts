import { expect, test } from "bun:test";
import { purgedSchema, type PurgeFrame } from "../../protocol/entities/trash.ts";
import type { Ack } from "../../protocol/error.ts";
import { polecat, refinery, stage, STEPS_MAX, type Stage } from "../../tests/support/one-bead.ts";
import type { Answer } from "../agent/answer.ts";
import { runUntil } from "../steps.ts";

const draft: Answer = { writes: { "draft.txt": "one\n" }, goesOn: true };

/** The first polecat leaves a draft and is silent; all that come after finish. */
function withDraft(): Stage {
  let met = false;
  return stage({
    mindOf: ({ role }) => {
      const first: Answer[] = [draft, { text: "A draft." }, { silent: true }];
      const left = [...(met ? (role === "polecat" ? polecat : refinery) : first)];
      met = true;
      return () => left.shift() ?? {};
    },
  });
}

async function ask(scene: Stage, change: Partial<PurgeFrame> = {}): Promise<Ack> {
  const { id: rigId, remote } = scene.rig;
  const order = { rigId, remote, work: "save" as const, copies: true, final: false };
  let answer: Ack | null = null;
  void scene.town.purge({ ...order, finished: [], ...change }).then((ack) => (answer = ack));
  await runUntil(scene.clock, () => answer !== null, STEPS_MAX);
  return answer ?? { ok: true, value: "no answer" };
}
async function kept(scene: Stage, change: Partial<PurgeFrame> = {}) {
  const ack = await ask(scene, change);
  if (!ack.ok) throw new Error(ack.error.message);
  return purgedSchema.parse(ack.value).kept;
}
const hasStore = ({ host, rig }: Stage) =>
  host.files.isStore(`${host.files.dirOf("rigs", rig.id)}/store.git`);
const copies = ({ remote }: Stage) =>
  [...remote.repository.refs.keys()].filter((ref) => ref.startsWith("refs/gastown/wip/"));
const landed = (scene: Stage) => runUntil(scene.clock, () => scene.town.done, STEPS_MAX);
const runsOf = (scene: Stage) => [...new Set(scene.town.facts.map(({ runId }) => runId))];

/** A draft was saved on the runner, whose run was killed with it. */
async function drafted(isAway = false): Promise<{ scene: Stage; away: (is: boolean) => void }> {
  let cut = isAway;
  const scene = withDraft();
  scene.forge.fault = ({ writes }) => (cut && writes ? "unreachable" : null);
  scene.host.start();
  const told = () => scene.town.of(isAway ? "saved_copy" : "saved_work").length > 0;
  await runUntil(scene.clock, told, STEPS_MAX);
  return { scene, away: (is) => (cut = is) };
}
/** No run lives any more: nothing more is offered. */
async function atRest(scene: Stage): Promise<void> {
  scene.town.isOver = true;
  scene.town.stopRun();
  await runUntil(scene.clock, () => scene.town.isIdle, STEPS_MAX);
}

test("[F5] a rig whose work has landed leaves nothing on its runner and no saved work behind", async () => {
  const scene = stage({
    mindOf: ({ role }) => {
      const left = [...(role === "polecat" ? polecat : refinery)];
      return () => left.shift() ?? {};
    },
  });
  scene.host.start();
  await landed(scene);
  expect(hasStore(scene)).toBe(true);
  expect(await kept(scene, { finished: runsOf(scene) })).toEqual([]);
  expect([hasStore(scene), copies(scene)]).toEqual([false, []]);
  expect(await kept(scene)).toEqual([]);
});

test("[F5] while a run of the rig lives nothing is removed", async () => {
  const { scene } = await drafted();
  expect(await ask(scene)).toMatchObject({ ok: false, error: { code: "busy", retryable: true } });
  expect(hasStore(scene)).toBe(true);
});

test("[F5] work that has not landed is copied first, and then the runner lets go of it", async () => {
  const { scene, away } = await drafted(true);
  await atRest(scene);
  expect(copies(scene)).toEqual([]);
  expect(await ask(scene)).toMatchObject({ ok: false, error: { retryable: true } });
  expect(hasStore(scene)).toBe(true);
  away(false);
  expect(await kept(scene)).toEqual([]);
  expect([hasStore(scene), copies(scene).length]).toEqual([false, 1]);
});

test("[F5] a repository that never answers costs no work: it stays, and that is told", async () => {
  const { scene } = await drafted(true);
  await atRest(scene);
  const stays = await kept(scene, { final: true });
  expect(stays).toMatchObject([
    { path: `${scene.host.files.dirOf("rigs", scene.rig.id)}/store.git` },
  ]);
  expect(stays[0]?.reason).toContain("cannot be reached");
  expect(hasStore(scene)).toBe(true);
});

test("[F5] what a rig keeps on its runners is not sent anywhere: it stays, and that is told", async () => {
  const { scene } = await drafted(true);
  await atRest(scene);
  expect((await kept(scene, { copies: false }))[0]?.reason).toContain(
    "keeps its work on its runners",
  );
  expect(hasStore(scene)).toBe(true);
});

test("[F5] what a person drops is deleted, in the repository too", async () => {
  const { scene } = await drafted();
  await runUntil(scene.clock, () => copies(scene).length > 0, STEPS_MAX);
  await atRest(scene);
  expect(await kept(scene, { work: "drop" })).toEqual([]);
  expect([hasStore(scene), copies(scene)]).toEqual([false, []]);
});

test("[F5] a tree that cannot be saved stays with all that it borrows from, even when its work is dropped", async () => {
  const { scene } = await drafted();
  scene.host.files.full = true;
  await atRest(scene);
  const [tree] = [...scene.host.files.trees.values()];
  const stays = await kept(scene, { work: "drop" });
  expect(stays).toMatchObject([{ path: tree?.record.dir ?? "" }]);
  expect(hasStore(scene)).toBe(true);
  scene.host.files.full = false;
  expect(await kept(scene)).toEqual([]);
  expect([hasStore(scene), scene.host.files.trees.size]).toEqual([false, 0]);
});
