import type { Git } from "../git/git.ts";
import { gitFailed } from "../git/git-errors.ts";
import { isAncestor } from "../git/mirror.ts";
import type { Outcome } from "../git/outcome.ts";
import { fieldsOfZ, type Oid } from "../git/porcelain.ts";
import type { LandingRequest } from "./request.ts";

export type Landing =
  | { readonly kind: "absent" }
  | { readonly kind: "landed"; readonly merge: Oid; readonly method: "merge" | "contained" }
  /** A landing of this bead is there, of other work. */
  | { readonly kind: "other"; readonly merge: Oid };

/**
 * Whether this bead's work is in a ref already: asked before each attempt, so that a push whose answer
 * was lost is not repeated. A merge counts by its second parent, which an agent's commit cannot forge
 * (it would have to contain its own oid); a trailer alone counts only in the first-parent history,
 * which agents do not write.
 */
export async function findLanding(
  git: Git,
  storeDir: string,
  request: LandingRequest,
  tip: Oid,
  merges: readonly Oid[],
): Promise<Outcome<{ landing: Landing }>> {
  const contained = await isAncestor(git, storeDir, request.source, tip);
  if (!contained.ok) return contained;
  const range = `${request.sourceBase}..${tip}`;
  if (!contained.yes) {
    const first = await listMerges(git, storeDir, ["--first-parent", range]);
    if (!first.ok) return first;
    const other = first.merges.find(({ beads }) => beads.includes(request.beadId));
    return {
      ok: true,
      landing: other === undefined ? { kind: "absent" } : { kind: "other", merge: other.oid },
    };
  }
  for (const merge of merges) {
    const within = await isAncestor(git, storeDir, merge, tip);
    if (!within.ok) return within;
    if (within.yes) return { ok: true, landing: { kind: "landed", merge, method: "merge" } };
  }
  const all = await listMerges(git, storeDir, [range]);
  if (!all.ok) return all;
  const ours = all.merges.find(
    ({ parents, beads }) => parents[1] === request.source && beads.includes(request.beadId),
  );
  return {
    ok: true,
    landing:
      ours === undefined
        ? { kind: "landed", merge: tip, method: "contained" }
        : { kind: "landed", merge: ours.oid, method: "merge" },
  };
}

type Merge = {
  readonly oid: Oid;
  readonly parents: readonly Oid[];
  readonly beads: readonly string[];
};

async function listMerges(
  git: Git,
  storeDir: string,
  args: readonly string[],
): Promise<Outcome<{ merges: Merge[] }>> {
  const format = "--format=%H%x1f%P%x1f%(trailers:key=Bead,valueonly,separator=%x1e)";
  const run = await git.run({ gitDir: storeDir, args: ["log", "--merges", "-z", format, ...args] });
  if (!run.ok) return gitFailed(run, "looking for an earlier landing");
  const merges = fieldsOfZ(run.text).map((line) => {
    const [oid = "", parents = "", beads = ""] = line.split("\u001f");
    return {
      oid,
      parents: parents.split(" "),
      beads: beads.split("\u001e").map((bead) => bead.trim()),
    };
  });
  return { ok: true, merges };
}
