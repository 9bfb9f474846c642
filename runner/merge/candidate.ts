import type { Git } from "../git/git.ts";
import { gitFailed } from "../git/git-errors.ts";
import { isAncestor } from "../git/mirror.ts";
import type { Outcome } from "../git/outcome.ts";
import { fieldsOfZ, type Oid, oidIn } from "../git/porcelain.ts";
import type { Attribution } from "../git/run-repo.ts";
import { landingRefOf, type LandingRequest } from "./request.ts";

export type Merged =
  | { readonly kind: "merged"; readonly tree: Oid }
  | { readonly kind: "conflict"; readonly files: readonly string[] };

export type Candidate =
  | { readonly kind: "candidate"; readonly onto: Oid; readonly merge: Oid; readonly tree: Oid }
  | { readonly kind: "conflict"; readonly files: readonly string[] };

/** Merges two commits in memory; no tree on disk is touched. */
export async function mergeTrees(
  git: Git,
  storeDir: string,
  ours: Oid,
  theirs: Oid,
): Promise<Outcome<{ merged: Merged }>> {
  const run = await git.run({
    gitDir: storeDir,
    args: ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs],
  });
  const [tree, ...files] = fieldsOfZ(run.text);
  if (run.ok && tree !== undefined) return { ok: true, merged: { kind: "merged", tree } };
  if (run.code === 1) return { ok: true, merged: { kind: "conflict", files: [...new Set(files)] } };
  return gitFailed(run, "merging");
}

/**
 * Makes the merge commit of a landing: always a merge, also where the target could simply move
 * forward, so that its first-parent history has one commit per bead. On an integration ref the target
 * is brought in first; where that conflicts the ref goes on without it.
 */
export async function makeCandidate(
  git: Git,
  storeDir: string,
  request: LandingRequest,
  place: { readonly tip: Oid | null; readonly target: Oid; readonly nowMs: number },
): Promise<Outcome<{ candidate: Candidate }>> {
  const onto = await tipWithTarget(git, storeDir, request, place);
  if (!onto.ok) return onto;
  const merged = await mergeTrees(git, storeDir, onto.oid, request.source);
  if (!merged.ok) return merged;
  if (merged.merged.kind === "conflict") return { ok: true, candidate: merged.merged };
  const { tree } = merged.merged;
  const { committer } = request.attribution;
  const title = request.title.replaceAll(/\s+/g, " ").trim() || request.beadId;
  const message = `${title}\n\nBead: ${request.beadId}\nCo-authored-by: ${committer.name} <${committer.email}>\n`;
  const merge = await commitMerge(git, storeDir, {
    tree,
    parents: [onto.oid, request.source],
    message,
    nowMs: place.nowMs,
    attribution: request.attribution,
  });
  if (!merge.ok) return merge;
  return { ok: true, candidate: { kind: "candidate", onto: onto.oid, merge: merge.oid, tree } };
}

async function tipWithTarget(
  git: Git,
  storeDir: string,
  request: LandingRequest,
  {
    tip,
    target,
    nowMs,
  }: { readonly tip: Oid | null; readonly target: Oid; readonly nowMs: number },
): Promise<Outcome<{ oid: Oid }>> {
  if (tip === null) return { ok: true, oid: target };
  const within = await isAncestor(git, storeDir, target, tip);
  if (!within.ok) return within;
  if (within.yes) return { ok: true, oid: tip };
  const behind = await isAncestor(git, storeDir, tip, target);
  if (!behind.ok) return behind;
  if (behind.yes) return { ok: true, oid: target };
  const merged = await mergeTrees(git, storeDir, tip, target);
  if (!merged.ok) return merged;
  if (merged.merged.kind === "conflict") return { ok: true, oid: tip };
  const message = `Bring ${request.target} into ${landingRefOf(request).replace("refs/heads/", "")}\n`;
  return await commitMerge(git, storeDir, {
    tree: merged.merged.tree,
    parents: [tip, target],
    message,
    nowMs,
    attribution: request.attribution,
  });
}

async function commitMerge(
  git: Git,
  storeDir: string,
  commit: {
    readonly tree: Oid;
    readonly parents: readonly Oid[];
    readonly message: string;
    readonly nowMs: number;
    readonly attribution: Attribution;
  },
): Promise<Outcome<{ oid: Oid }>> {
  const { author, committer } = commit.attribution;
  const date = `@${Math.floor(commit.nowMs / 1000)} +0000`;
  const run = await git.run({
    gitDir: storeDir,
    args: [
      "commit-tree",
      commit.tree,
      ...commit.parents.flatMap((parent) => ["-p", parent]),
      "-F",
      "-",
    ],
    stdin: commit.message,
    env: {
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: committer.name,
      GIT_COMMITTER_EMAIL: committer.email,
      GIT_COMMITTER_DATE: date,
    },
  });
  const oid = oidIn(run.text);
  return run.ok && oid !== null ? { ok: true, oid } : gitFailed(run, "making the merge commit");
}
