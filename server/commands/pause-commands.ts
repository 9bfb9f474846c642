/** Stop, pause and resume; letting go on what waits for a person. */
import { ok, refuse, type Result, type TownLimits } from "../../protocol/index.ts";
import { limitsImage } from "../store/limits/limits.ts";
import { findBead, findRig } from "../store/refs.ts";
import { breaker } from "../store/schema/limits.ts";
import type { Tx } from "../store/tx.ts";
import { bumpVersion } from "../store/writes/beads.ts";
import { resolveByKey } from "../store/writes/escalations.ts";
import { unparkIssue } from "../store/writes/issues.ts";
import { endProviderPauses, moveBreaker } from "../store/writes/limits/limits.ts";
import { pause, resume, type Scope } from "../store/writes/limits/pauses.ts";
import type { Apply } from "./command.ts";
import { findIssue, image } from "./find-bead.ts";

const TOWN: Scope = { kind: "town", subject: "town" };

function shown(tx: Tx): Result<TownLimits> {
  return ok(limitsImage(tx.db, tx.now, tx.policy));
}

export const stopTown: Apply<"town.stop"> = (tx, body) => {
  if (!pause(tx, TOWN, "stop", body.reason))
    return refuse("illegal_transition", "the town is stopped already: resume it to let it go on.");
  return shown(tx);
};

export const pauseTown: Apply<"town.pause"> = (tx, body) => {
  if (!pause(tx, TOWN, "pause", body.reason))
    return refuse(
      "illegal_transition",
      "the town is paused or stopped already: resume it to let it go on.",
    );
  return shown(tx);
};

export const resumeTown: Apply<"town.resume"> = (tx) => {
  if (!resume(tx, TOWN))
    return refuse("illegal_transition", "the town is not paused: there is nothing to resume.");
  return shown(tx);
};

export const pauseRig: Apply<"rig.pause"> = (tx, body) => {
  const rig = findRig(tx.db, body.rig);
  return rig.ok ? paused(tx, { kind: "rig", subject: rig.value.id }, body.reason) : rig;
};

export const resumeRig: Apply<"rig.resume"> = (tx, body) => {
  const rig = findRig(tx.db, body.rig);
  return rig.ok ? resumed(tx, { kind: "rig", subject: rig.value.id }) : rig;
};

export const pauseConvoy: Apply<"convoy.pause"> = (tx, body) => {
  const bead = findBead(tx.db, body.convoy, ["convoy"], "convoy");
  if (bead.ok && (bead.value.status === "closed" || bead.value.status === "failed"))
    return refuse("illegal_transition", "the convoy has ended: there is nothing left to pause.");
  return bead.ok ? paused(tx, { kind: "convoy", subject: bead.value.id }, body.reason) : bead;
};

export const resumeConvoy: Apply<"convoy.resume"> = (tx, body) => {
  const bead = findBead(tx.db, body.convoy, ["convoy"], "convoy");
  return bead.ok ? resumed(tx, { kind: "convoy", subject: bead.value.id }) : bead;
};

function paused(tx: Tx, scope: Scope, reason: string): Result<{ id: string }> {
  if (!pause(tx, scope, "pause", reason))
    return refuse("illegal_transition", "it is paused already: resume it to let it go on.");
  return ok({ id: scope.subject });
}

function resumed(tx: Tx, scope: Scope): Result<{ id: string }> {
  if (!resume(tx, scope))
    return refuse("illegal_transition", "it is not paused: there is nothing to resume.");
  return ok({ id: scope.subject });
}

export const retryProvider: Apply<"provider.retry"> = (tx) => {
  if (!endProviderPauses(tx))
    return refuse("illegal_transition", "the provider is not left alone: nothing waits for it.");
  return shown(tx);
};

export const resetBreaker: Apply<"breaker.reset"> = (tx) => {
  if (tx.db.select().from(breaker).get()?.state === "closed")
    return refuse("illegal_transition", "the breaker is closed: agents are started as it is.");
  moveBreaker(tx, { state: "closed", untilAt: null, openings: 0, reason: null });
  resolveByKey(tx, "town/watch-breaker ", "the breaker was closed by a person");
  return shown(tx);
};

export const resumeBead: Apply<"bead.resume"> = (tx, body) => {
  const bead = findIssue(tx, body.bead);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  if (!unparkIssue(tx, id))
    return refuse("illegal_transition", "it is not parked: there is nothing to resume.");
  bumpVersion(tx, id);
  return ok(image(tx, id));
};
