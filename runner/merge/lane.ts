import { type Git, gitNetworkTimeoutMs } from "../git/git.ts";
import { gitFailed, remoteFailed } from "../git/git-errors.ts";
import { fetchArguments } from "../git/mirror.ts";
import { laneRef } from "../git/names.ts";
import { failure, type Outcome } from "../git/outcome.ts";
import { type Oid, oidIn } from "../git/porcelain.ts";
import {
  credentialFor,
  onlyMoved,
  type Place,
  pushRefs,
  refusalOf,
  remoteRefs,
} from "../git/push.ts";

/** Who holds a lane, and the step of its journal at which it said so. */
export type LaneMark = {
  /** The town, and its epoch, that counts the fences: numbers of different issuers say nothing of each other. */
  readonly issuer: string;
  readonly fence: number;
  readonly runId: string;
  readonly step: number;
};

/** A lane as the remote has it. `mark` is null where somebody put something else there. */
export type Lane =
  | { readonly oid: Oid; readonly mark: LaneMark | null }
  | { readonly oid: null; readonly mark: null };

const markPattern =
  /^Issuer: ([A-Za-z0-9_.-]{1,200})\nFence: (\d{1,15})\nRun: ([A-Za-z0-9_-]{1,200})\nStep: (\d{1,15})$/m;

/** The message of a lane commit: what makes its oid new at every step. */
export function laneMessage(mark: LaneMark): string {
  return `Gastown merge lane\n\nIssuer: ${mark.issuer}\nFence: ${mark.fence}\nRun: ${mark.runId}\nStep: ${mark.step}\n`;
}

export function parseLaneMessage(message: string): LaneMark | null {
  const match = markPattern.exec(message);
  if (match === null) return null;
  return {
    issuer: match[1] ?? "",
    fence: Number(match[2]),
    runId: match[3] ?? "",
    step: Number(match[4]),
  };
}

/**
 * Whether `holder` says that a newer engine than `mine` has the lane. A mark of another town (or of this
 * one before a restore) does not: the expected old values still keep the two from overwriting each other.
 */
export function supersedes(holder: LaneMark | null, mine: Omit<LaneMark, "step">): boolean {
  if (holder === null || holder.issuer !== mine.issuer || holder.fence < mine.fence) return false;
  return holder.fence > mine.fence || holder.runId !== mine.runId;
}

/** The parentless commit of the empty tree that stands for a mark. The same mark gives the same oid. */
export async function laneCommit(
  git: Git,
  storeDir: string,
  mark: LaneMark,
): Promise<Outcome<{ oid: Oid }>> {
  const tree = await git.run({ gitDir: storeDir, args: ["mktree"], stdin: "" });
  const emptyTree = oidIn(tree.text);
  if (!tree.ok || emptyTree === null) return gitFailed(tree, "preparing the lane");
  const who = {
    GIT_AUTHOR_NAME: "gastown",
    GIT_AUTHOR_EMAIL: "gastown@localhost",
    GIT_COMMITTER_NAME: "gastown",
    GIT_COMMITTER_EMAIL: "gastown@localhost",
  };
  const made = await git.run({
    gitDir: storeDir,
    args: ["commit-tree", emptyTree, "-F", "-"],
    stdin: laneMessage(mark),
    env: { ...who, GIT_AUTHOR_DATE: "@946684800 +0000", GIT_COMMITTER_DATE: "@946684800 +0000" },
  });
  const oid = oidIn(made.text);
  return made.ok && oid !== null ? { ok: true, oid } : gitFailed(made, "preparing the lane");
}

/** Reads the lane of a landing ref (`refs/heads/...`) at the remote, with the mark of its holder. */
export async function readLane(
  git: Git,
  storeDir: string,
  place: Place,
  landingRef: string,
): Promise<Outcome<{ lane: Lane }>> {
  const ref = laneRef(landingRef);
  const refs = await remoteRefs(git, place, [ref]);
  if (!refs.ok) return refs;
  const oid = refs.refs.get(ref);
  if (oid === undefined) return { ok: true, lane: { oid: null, mark: null } };
  const known = await git.run({ gitDir: storeDir, args: ["cat-file", "-e", `${oid}^{commit}`] });
  if (!known.ok) {
    const fetched = await git.run({
      gitDir: storeDir,
      args: [...fetchArguments, place.url, ref],
      timeoutMs: gitNetworkTimeoutMs,
      ...credentialFor(place),
    });
    if (!fetched.ok) return remoteFailed(fetched, place.url, "reading the lane of");
  }
  const body = await git.run({ gitDir: storeDir, args: ["cat-file", "commit", oid] });
  // Moved between the two readings: the next reading sees the newer one.
  if (!body.ok)
    return failure("lane_refused", "The lane moved while it was read.", "It is read again.", {
      retryable: true,
    });
  return { ok: true, lane: { oid, mark: parseLaneMessage(body.text) } };
}

/**
 * Gives the lane a new value, if it still has the expected one.
 * Errors: `lane_refused` (it moved, or the host refuses such refs), or what reaching the remote gives.
 */
export async function advanceLane(
  git: Git,
  storeDir: string,
  place: Place,
  landingRef: string,
  expectedOld: Oid | null,
  mark: LaneMark,
): Promise<Outcome<{ oid: Oid }>> {
  const commit = await laneCommit(git, storeDir, mark);
  if (!commit.ok) return commit;
  const ref = laneRef(landingRef);
  const pushed = await pushRefs(git, storeDir, place, [
    { ref, to: commit.oid, expected: expectedOld },
  ]);
  if (!pushed.ok) return pushed;
  // A lease on an unchanged value is not checked by the remote: `same` proves nothing, so it is a refusal.
  if (pushed.refs.every(({ state }) => state === "updated")) return { ok: true, oid: commit.oid };
  const retryable = onlyMoved(pushed.refs);
  const next = retryable
    ? "It is read again."
    : "The host must allow refs/gastown/* to be written.";
  return failure(
    "lane_refused",
    `The lane of ${landingRef} was refused: ${refusalOf(pushed.refs)}.`,
    next,
    { retryable },
  );
}
