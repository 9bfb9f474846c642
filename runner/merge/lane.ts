import type { RigRepository } from "../git/mirror.ts";
import { laneRef } from "../git/names.ts";
import { failure, type Outcome } from "../git/outcome.ts";
import type { Oid } from "../git/porcelain.ts";
import { onlyMoved, type Place, refusalOf } from "../git/push.ts";
import type { History } from "../works/history.ts";
import type { Works } from "../works/works.ts";

/** Who holds a lane, and the step of its journal at which it said so. */
export type LaneMark = {
  /** The rig whose town counts the fences: numbers of different issuers say nothing of each other. */
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
  /^Issuer: ([A-Za-z0-9_.-]{1,200})\nFence: (\d{1,16})\nRun: ([A-Za-z0-9_-]{1,200})\nStep: (\d{1,15})$/m;

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
 * Whether `holder` says that a newer engine than `mine` has the lane. A mark of another town does
 * not: the expected old values still keep the two from overwriting each other.
 */
export function supersedes(holder: LaneMark | null, mine: Omit<LaneMark, "step">): boolean {
  if (holder === null || holder.issuer !== mine.issuer || holder.fence < mine.fence) return false;
  return holder.fence > mine.fence || holder.runId !== mine.runId;
}

/** Of every lane commit: with the same mark it is the same commit. */
const engine = { name: "gastown", email: "gastown@localhost" };
const laneAtMs = 946_684_800_000;

/** The parentless commit of the empty tree that stands for a mark. The same mark gives the same oid. */
export async function laneCommit(
  history: History,
  rig: RigRepository,
  mark: LaneMark,
): Promise<Outcome<{ oid: Oid }>> {
  return await history.commit(rig, {
    tree: null,
    parents: [],
    message: laneMessage(mark),
    author: engine,
    committer: engine,
    atMs: laneAtMs,
  });
}

/** Reads the lane of a landing ref (`refs/heads/...`) at the remote, with the mark of its holder. */
export async function readLane(
  { history, refs }: Pick<Works, "history" | "refs">,
  rig: RigRepository,
  place: Place,
  landingRef: string,
): Promise<Outcome<{ lane: Lane }>> {
  const ref = laneRef(landingRef);
  const read = await refs.read(place, [ref]);
  if (!read.ok) return read;
  const oid = read.refs.get(ref);
  if (oid === undefined) return { ok: true, lane: { oid: null, mark: null } };
  const known = await history.hasCommit(rig, oid);
  if (!known.ok) return known;
  if (!known.yes) {
    const brought = await refs.bring(rig, place, ref);
    if (!brought.ok) return brought;
  }
  const held = await history.readCommit(rig, oid);
  // Moved between the two readings: the next reading sees the newer one.
  if (!held.ok)
    return failure("lane_refused", "The lane moved while it was read.", "It is read again.", {
      retryable: true,
    });
  return { ok: true, lane: { oid, mark: parseLaneMessage(held.commit.message) } };
}

/**
 * Gives the lane a new value, if it still has the expected one.
 * Errors: `lane_refused` (it moved, or the host refuses such refs), or what reaching the remote gives.
 */
export async function advanceLane(
  { history, refs }: Pick<Works, "history" | "refs">,
  rig: RigRepository,
  place: Place,
  landingRef: string,
  change: { readonly expected: Oid | null; readonly mark: LaneMark },
): Promise<Outcome<{ oid: Oid }>> {
  const commit = await laneCommit(history, rig, change.mark);
  if (!commit.ok) return commit;
  const update = { ref: laneRef(landingRef), to: commit.oid, expected: change.expected };
  const pushed = await refs.push(rig, place, [update]);
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
