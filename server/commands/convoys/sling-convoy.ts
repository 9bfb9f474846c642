/** Convoys: up to 50 tasks with dependencies, created together or not at all. */
import { ok, refuse, type CommandBody, type Result } from "../../../protocol/index.ts";
import { findCycle } from "../../model/graph.ts";
import { convoyImage } from "../../store/images/images.ts";
import { findLastingRig } from "../../store/refs.ts";
import { addDependency } from "../../store/writes/beads.ts";
import { createConvoy } from "../../store/writes/convoys.ts";
import { createIssue } from "../../store/writes/issues.ts";
import type { Apply } from "../command.ts";
import { image } from "../find-bead.ts";
import { present } from "../../store/present.ts";

type Task = CommandBody<"convoy.sling">["tasks"][number];

export const slingConvoy: Apply<"convoy.sling"> = (tx, body) => {
  const rig = findLastingRig(tx.db, body.rig);
  if (!rig.ok) return rig;
  const checked = checkTasks(body.tasks, body.parallel);
  if (!checked.ok) return checked;
  // On a branch of its own all land in one place, whatever becomes of the rig's delivery.
  const pinned = body.mode === "review-then-land" ? rig.value.delivery : null;
  const delivery = body.delivery ?? pinned;
  const convoyId = createConvoy(tx, {
    title: body.title,
    rigId: rig.value.id,
    staged: body.staged,
    mode: body.mode,
    delivery,
  });
  const ids = new Map<string, string>();
  for (const task of body.tasks) {
    const id = createIssue(tx, {
      title: task.title,
      body: task.body,
      rigId: rig.value.id,
      priority: task.priority,
      delivery,
      convoyId,
      checks: task.checks,
    });
    ids.set(task.key, id);
  }
  const idOf = (key: string) => present(ids.get(key), `task ${key}`);
  for (const task of body.tasks) {
    for (const key of task.dependsOn) addDependency(tx, idOf(task.key), idOf(key), "blocks");
  }
  const convoy = convoyImage(tx.db, convoyId);
  if (!convoy) throw new Error(`convoy ${convoyId} vanished`);
  return ok({ convoy, beads: [...ids.values()].map((id) => image(tx, id)) });
};

function checkTasks(tasks: readonly Task[], parallel: boolean): Result<null> {
  const keys = new Set(tasks.map((task) => task.key));
  if (keys.size !== tasks.length)
    return refuse("invalid_body", "two tasks have the same key. Give each its own.");
  for (const task of tasks) {
    const unknown = task.dependsOn.find((key) => !keys.has(key));
    if (unknown !== undefined) {
      return refuse(
        "invalid_body",
        `task ${task.key} depends on ${unknown}, which is no task of this convoy.`,
      );
    }
  }
  const cycle = findCycle(new Map(tasks.map((task) => [task.key, task.dependsOn])));
  if (cycle) {
    return refuse(
      "cyclic_dependency",
      `the tasks wait for each other in a circle: ${cycle.join(" waits for ")}. Nothing was created.`,
    );
  }
  if (tasks.length > 1 && !parallel && tasks.every((task) => task.dependsOn.length === 0)) {
    return refuse(
      "parallel_required",
      "several tasks without any dependency would all run at once. Say parallel: true if that is meant, or give them an order.",
    );
  }
  return ok(null);
}
