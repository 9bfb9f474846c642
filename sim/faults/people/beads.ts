/** What people do to beads and to their runs. */
import type { Image } from "../../../protocol/index.ts";
import { isParked } from "../../town/town-view.ts";
import type { FaultWorld } from "../fault.ts";
import { later, oneOf, releaseAgain, type Act } from "./act.ts";

const PRIORITIES = ["low", "medium", "high", "critical"] as const;

export const edit: Act = (bead, random) => [
  "bead.update",
  { bead, set: { priority: PRIORITIES[random.below(PRIORITIES.length)] ?? "low" } },
];

export const comment: Act = (bead) => ["bead.comment", { bead, text: "Well." }];

export const close: Act = (bead, random, world) => {
  const chosen = random.unit() < 0.5 ? grouped(world, random) : midway(world, random);
  return ["bead.close", { bead: chosen ?? bead, outcome: "answered" }];
};

export const cancel: Act = (bead, random, world) => {
  const chosen = random.unit() < 0.5 ? bead : midway(world, random);
  return ["bead.cancel", { bead: chosen ?? bead }];
};

/** What has come to its end without landing. */
export const reopen: Act = (bead, random, { play }) => {
  const ended = [...play.view.issues.values()].filter(
    ({ status, outcome }) => status === "failed" || (status === "closed" && outcome !== "landed"),
  );
  const again = oneOf(ended, random)?.id ?? bead;
  return ["bead.reopen", { bead: again }, (ack) => void (ack.ok && releaseAgain(play, again))];
};

/** Whoever holds a bead releases it some time later. */
export const hold: Act = (bead, random, world) => {
  const held = (random.unit() < 0.6 ? bead : midway(world, random)) ?? bead;
  const release = () => later(world.play, random, ["bead.release", { bead: held }]);
  return ["bead.hold", { bead: held }, release];
};

export const stopRun: Act = (bead, _random, { play }) => {
  const run = play.view.issues.get(bead)?.runId ?? null;
  return run === null ? null : ["run.stop", { run }];
};

/** A bead of a convoy or a molecule. */
function grouped({ play }: FaultWorld, random: Parameters<Act>[1]): string | undefined {
  const all = [...play.view.issues.values()].filter(
    ({ parentId, status }) => status !== "closed" && parentId !== null,
  );
  return oneOf(all, random)?.id;
}

export const resume: Act = (_bead, random, { play }) => {
  const parked = oneOf([...play.view.issues.values()].filter(isParked), random);
  return parked === undefined ? null : ["bead.resume", { bead: parked.id }];
};

/** What nobody works on and nothing has landed of. */
export const remove: Act = (_bead, random, { play }) => {
  const { beads, deleted, view } = play;
  const idle = [...beads.values()].filter((id) => {
    const issue = view.issues.get(id);
    const isIdle = issue?.status === "open" || issue?.status === "closed";
    return isIdle && issue.outcome !== "landed";
  });
  const bead = oneOf(idle, random);
  if (bead === undefined) return null;
  return ["bead.delete", { bead }, ({ ok }) => void (ok && deleted.add(bead))];
};

/** A bead that lands a convoy, else one whose merge was cut off, that has failed, or whose review goes on. */
function midway({ play }: FaultWorld, random: Parameters<Act>[1]): string | undefined {
  const { issues, reviews, runs } = play.view;
  const going = [...issues.values()].filter(({ status }) => status !== "closed");
  const landings = going.filter(({ landing }) => landing);
  if (landings.length > 0) return oneOf(landings, random)?.id;
  const lost = new Set(
    [...runs.values()].map((run) =>
      run.kind === "merge" && run.outcome === "lost" ? run.beadId : "",
    ),
  );
  const isCutOff = ({ id, reviewId }: Image<"issue">) =>
    lost.has(id) && reviews.get(reviewId ?? "")?.state !== "merging";
  const isMidway = ({ reviewId, status }: Image<"issue">) =>
    reviewId !== null || status === "failed";
  const cutOff = going.filter(isCutOff);
  return oneOf(cutOff.length > 0 ? cutOff : going.filter(isMidway), random)?.id;
}
