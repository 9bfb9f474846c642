/** The board: issue beads in five columns, narrowed by text and rigs. Pure. */
import {
  type Agent,
  type BeadStatus,
  type Issue,
  type Review,
  type Run,
  shortId,
} from "../../protocol/index.ts";
import { priorityRank } from "../words/states.ts";

export interface Column {
  status: BeadStatus;
  label: string;
  issues: Issue[];
}

export const COLUMNS: readonly { status: BeadStatus; label: string }[] = [
  { status: "open", label: "Open" },
  { status: "in_progress", label: "In progress" },
  { status: "in_review", label: "In review" },
  { status: "closed", label: "Closed" },
  { status: "failed", label: "Failed" },
];

/** Every word must occur in the title, an id or a label. */
export function matches(issue: Issue, query: string): boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text = [issue.title, issue.id, shortId(issue.id), ...issue.labels].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** What may start comes by priority and age; what ended comes newest first. */
function inOrder(status: BeadStatus, issues: Issue[]): Issue[] {
  const newest = (issue: Issue) => -(issue.closedAt ?? issue.stateSince);
  const urgency = (issue: Issue) => -priorityRank[issue.priority];
  return issues.sort((a, b) =>
    status === "closed" || status === "failed"
      ? newest(a) - newest(b) || (a.id < b.id ? 1 : -1)
      : urgency(a) - urgency(b) || (a.id < b.id ? -1 : 1),
  );
}

export function columnsOf(
  issues: readonly Issue[],
  query: string,
  rigIds: readonly string[],
): Column[] {
  const shown = issues.filter(
    (issue) =>
      issue.archivedAt === null &&
      matches(issue, query) &&
      (rigIds.length === 0 || (issue.rigId !== null && rigIds.includes(issue.rigId))),
  );
  return COLUMNS.map(({ status, label }) => ({
    status,
    label,
    issues: inOrder(
      status,
      shown.filter((issue) => issue.status === status),
    ),
  }));
}

/** Whether nothing more happens to a review. */
export function isSettled(review: Pick<Review, "state">): boolean {
  return review.state === "merged" || review.state === "withdrawn";
}

/** Runs that have not ended, oldest first; a conversation counts only while its Mayor has a turn. */
export function runsAtWork(runs: readonly Run[], agents: readonly Agent[]): Run[] {
  const idle = new Set(agents.filter((agent) => agent.state === "idle").map((agent) => agent.id));
  return runs
    .filter(
      (run) =>
        run.state !== "ended" &&
        !(run.kind === "session" && run.agentId !== null && idle.has(run.agentId)),
    )
    .sort((a, b) => a.offeredAt - b.offeredAt);
}

/** How far a convoy is, from its beads. */
export interface Progress {
  total: number;
  landed: number;
  closed: number;
  failed: number;
  moving: number;
}

export function progressOf(issues: readonly Issue[]): Progress {
  const tally = { total: issues.length, landed: 0, closed: 0, failed: 0, moving: 0 };
  for (const issue of issues) {
    if (issue.status === "failed") tally.failed += 1;
    else if (issue.status === "closed")
      tally[issue.outcome === "landed" ? "landed" : "closed"] += 1;
    else if (issue.status !== "open") tally.moving += 1;
  }
  return tally;
}
