/** Whether a town that shall end by itself is done, still moving, or stuck. Pure: judged from one moment. */
import type {
  ChatEntry,
  Convoy,
  Escalation,
  Issue,
  Review,
  Run,
  Wait,
} from "../../protocol/index.ts";

/** What the topics hold at one moment. */
export interface Scene {
  issues: readonly Issue[];
  convoys: readonly Convoy[];
  escalations: readonly Escalation[];
  reviews: readonly Review[];
  /** Runs that have not ended. */
  runs: readonly Run[];
  chat: readonly ChatEntry[];
}

export type Outcome = { end: "done" } | { end: "moving" } | { end: "stuck"; reason: string };

/**
 * Done: at least one issue bead, all of them closed, no convoy under way or failed, no open
 * escalation, the Mayor at rest. Stuck: something failed or calls for a person, and nothing moves.
 */
export function outcomeOf(scene: Scene): Outcome {
  const open = scene.escalations.filter((escalation) => escalation.resolvedAt === null);
  const trouble = troubleOf(scene, open);
  const mayorBusy = scene.chat.some(
    (entry) => entry.state === "streaming" || (entry.kind === "person" && entry.state === "queued"),
  );
  const finished =
    scene.issues.length > 0 &&
    scene.issues.every((issue) => issue.status === "closed") &&
    scene.convoys.every((convoy) => convoy.state === "landed" || convoy.state === "cancelled");
  if (finished && trouble === null && !mayorBusy) return { end: "done" };
  if (trouble === null || mayorBusy || isMoving(scene)) return { end: "moving" };
  return { end: "stuck", reason: trouble };
}

function troubleOf(scene: Scene, open: readonly Escalation[]): string | null {
  const [escalation] = open;
  if (escalation !== undefined) return `An escalation is open: ${escalation.title}`;
  const failed = scene.issues.find((issue) => issue.status === "failed");
  if (failed !== undefined)
    return `The bead "${failed.title}" failed: ${failed.failure?.message ?? "no reason was recorded"}`;
  const convoy = scene.convoys.find((candidate) => candidate.state === "failed");
  return convoy === undefined ? null : `The convoy "${convoy.title}" failed.`;
}

/** A session keeps its agent warm without moving anything: only other runs count. */
function isMoving(scene: Scene): boolean {
  const awaited = (wait: Wait | null) => wait === null || wait.untilAt !== null;
  return (
    scene.runs.some((run) => run.kind !== "session" && run.state !== "ended") ||
    scene.issues.some(
      (issue) => !["closed", "failed"].includes(issue.status) && awaited(issue.wait),
    ) ||
    scene.reviews.some(
      (review) =>
        !["merged", "withdrawn", "needs_person"].includes(review.state) && awaited(review.wait),
    )
  );
}
