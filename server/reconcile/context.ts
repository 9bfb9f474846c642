/** Indexes over one snapshot, and the shape of a rule. */
import type { Step } from "./plan.ts";
import type { IssueView, ReviewView, RigView, RunnerView, Snapshot } from "./snapshot.ts";

export interface Context {
  s: Snapshot;
  rigs: ReadonlyMap<string, RigView>;
  runners: ReadonlyMap<string, RunnerView>;
  issues: ReadonlyMap<string, IssueView>;
  reviews: ReadonlyMap<string, ReviewView>;
  /** Resources with a live run or one whose consequences are not drawn yet: no second run may start. */
  busyResources: ReadonlySet<string>;
}

/** A rule: its id (also file, spec line, test title, log field), and the sentence of why. */
export interface Rule<T> {
  id: string;
  why: string;
  decide(subject: T, context: Context): Step | null;
}

export function indexSnapshot(s: Snapshot): Context {
  return {
    s,
    rigs: byId(s.rigs),
    runners: byId(s.runners),
    issues: byId(s.issues),
    reviews: byId(s.reviews),
    busyResources: new Set(s.runs.map((run) => run.resource)),
  };
}

function byId<T extends { id: string }>(rows: readonly T[]): Map<string, T> {
  return new Map(rows.map((row) => [row.id, row]));
}

export function beadResource(beadId: string): string {
  return `bead:${beadId}`;
}
export function laneResource(rigId: string, target: string): string {
  return `lane:${rigId}:${target}`;
}
/** The lane in which a bead lands: that of the rig's target, or of its convoy's branch. */
export function laneOf(
  { convoyBranch, landing }: Pick<IssueView, "convoyBranch" | "landing">,
  rig: { id: string; target: string },
): string {
  return laneResource(rig.id, convoyBranch !== null && !landing ? convoyBranch : rig.target);
}
export function sessionResource(sessionId: string): string {
  return `session:${sessionId}`;
}
