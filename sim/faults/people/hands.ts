/** What people do with their own hands: they take beads and give them back. And they want reworks in their authors' sessions, or the Mayor up. */
import type { GivenWork } from "../../../protocol/index.ts";
import { stranger } from "../../git/forge.ts";
import type { SimRandom } from "../../random.ts";
import { beadNumber, fileOf, lineOf, sharedFileOf } from "../../play/content.ts";
import type { FaultWorld } from "../fault.ts";
import type { Act } from "./act.ts";

/** Somebody has a bead for so long at most. */
const TAKEN_MS_MAX = 3 * 60_000;
/** Shorter than a town's own: some reworks begin in time, some do not. */
const AUTHOR_SESSION_MS = 4 * 60_000;

export const wake: Act = () => ["mayor.wake", {}];

export const rework: Act = () => [
  "settings.set",
  { key: "authorSessionMs", value: AUTHOR_SESSION_MS },
];

/** A bead is taken, and given back some time later: as it was, for review, or to be gone on with. */
export const take: Act = (bead, random, world) => {
  const { play } = world;
  const taken = () => {
    play.taken.add(bead);
    play.world.after(random.below(TAKEN_MS_MAX), "a person gives a bead back", () => {
      const work = random.unit() < 0.75 ? workOn(bead, random, world) : null;
      // What was refused, or lies with a runner that is gone, is not given a second time.
      play.people.wish("bead.give", { bead, work }, ({ ok }) => {
        if (!ok && work !== null) play.people.wish("bead.give", { bead, work: null });
      });
    });
  };
  return ["bead.take", { bead }, ({ ok }) => (ok ? taken() : undefined)];
};

/** Commits on the newest work, or on the target, left in the rig's repository; null where nothing may go there. */
function workOn(bead: string, random: SimRandom, { play }: FaultWorld): GivenWork | null {
  const { forge, view, world } = play;
  const issue = view.issues.get(bead);
  const rig = issue && view.rigs.get(issue.rigId ?? "");
  const repository = rig && forge.find(rig.remote)?.repository;
  const target = repository?.refs.get("refs/heads/main");
  const n = beadNumber(issue?.title ?? "");
  if (rig === undefined || rig.delivery === "none") return null;
  if (repository === undefined || target === undefined || n === null) return null;
  const { objects } = forge;
  const saved = issue?.savedWork?.oid;
  const start = saved !== undefined && repository.has(saved) ? saved : target;
  const files = new Map([...(objects.files(start) ?? []), [fileOf(n), lineOf(n)]]);
  const shared = sharedFileOf(n);
  const before = shared === null ? "" : (files.get(shared) ?? "");
  if (shared !== null && !before.includes(lineOf(n))) files.set(shared, before + lineOf(n));
  const oid = objects.putCommit({
    ...{ tree: objects.putTree(files), parents: [start], message: "By hand" },
    ...{ author: stranger, committer: stranger, atMs: world.nowMs },
  });
  const ref = `refs/gastown/given/${bead}/${oid.slice(0, 12)}`;
  forge.move(rig.remote, ref, oid);
  const begins = [objects.mergeBase(start, target) ?? target];
  return { ref, oid, begins, runnerId: null, summary: "By hand.", review: random.unit() < 0.6 };
}
