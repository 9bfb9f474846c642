import { NO_ENVIRONMENT, ok, refuse, type Result, type Rig } from "../../../protocol/index.ts";
import { rigImage } from "../../store/images/images.ts";
import { findRig } from "../../store/refs.ts";
import type { Tx } from "../../store/tx.ts";
import { insertRig, updateRig } from "../../store/writes/rigs.ts";
import type { Apply } from "../command.ts";
import { cutOff, mayStillLand } from "../convoys/cut-off-merges.ts";
import { distinctLabels } from "../runners/labels.ts";
import { changedEnvironment, clash } from "./rig-environment.ts";

function image(tx: Tx, id: string): Rig {
  const rig = rigImage(tx.db, id);
  if (!rig) throw new Error(`rig ${id} vanished`);
  return rig;
}

export const addRig: Apply<"rig.add"> = (tx, body) => {
  const remote = checkRemote(body.remote);
  if (!remote.ok) return remote;
  const name = body.name ?? nameFrom(body.remote);
  if (findRig(tx.db, name).ok)
    return refuse(
      "already_exists",
      `there is a rig ${name} already. Choose another name with --name.`,
    );
  const id = insertRig(tx, {
    name,
    remote: body.remote,
    target: body.target ?? "",
    delivery: body.delivery ?? "branch",
    codeReview: body.codeReview ?? true,
    savedWork: body.savedWork ?? "remote",
    gates: body.gates ?? [],
    setup: body.setup ?? null,
    egress: body.egress ?? "none",
    lfs: body.lfs ?? "pointers",
    slots: body.slots ?? 4,
    isolationConfirmed: body.isolationConfirmed ?? false,
    directMergeConfirmed: body.directMergeConfirmed ?? false,
    labels: distinctLabels(body.labels ?? []),
    environment: changedEnvironment(NO_ENVIRONMENT, body).environment,
  });
  return ok(image(tx, id));
};

/** Absolute local paths and the URLs that git knows; a secret in a URL is refused, it would be shown. */
function checkRemote(remote: string): Result<null> {
  if (remote.startsWith("/")) return ok(null);
  if (/^[a-z]+:\/\/[^/@]*:[^/@]*@/i.test(remote) || /^https?:\/\/[^/]*@/i.test(remote)) {
    return refuse(
      "invalid_body",
      "the address holds a password or token, which would be shown and logged. Leave it out.",
    );
  }
  if (/^(https?|ssh|git|file):\/\/\S+$/i.test(remote) || /^\w[\w.-]*@\w[\w.-]*:\S+$/.test(remote))
    return ok(null);
  return refuse(
    "invalid_body",
    `${remote.slice(0, 100)} is neither an absolute path nor a repository's address: give one of those.`,
  );
}

function nameFrom(remote: string): string {
  const last =
    remote
      .replace(/\/+$/, "")
      .replace(/\/?\.git$/, "")
      .split(/[/:]/)
      .at(-1) ?? "rig";
  return (
    last
      .replace(/[^\p{L}\p{N} ._-]/gu, "-")
      .replace(/^[^\p{L}\p{N}]+/u, "")
      .slice(0, 60) || "rig"
  );
}

export const changeRig: Apply<"rig.update"> = (tx, body) => {
  const rig = findRig(tx.db, body.rig);
  if (!rig.ok) return rig;
  if (body.version !== undefined && body.version !== rig.value.version) {
    return refuse(
      "stale_version",
      `the rig was changed since you looked (version ${rig.value.version}). Look again.`,
    );
  }
  const { variables, instructions, toolServers, copies, ports, teardown, ...set } = body.set;
  const wish = { variables, instructions, toolServers, copies, ports, teardown };
  const refused = clash(rig.value.environment, wish);
  if (refused) return refused;
  const { environment, isFelt } = changedEnvironment(rig.value.environment, wish);
  const moves = set.target !== undefined || set.delivery !== undefined;
  if (moves && mayStillLand(tx, { rig: rig.value.id })) return cutOff();
  // What the baseline was run with.
  const judged = [set.target, set.gates, set.setup, set.egress, set.lfs];
  const recheck = isFelt || judged.some((value) => value !== undefined);
  const labels = set.labels && distinctLabels(set.labels);
  updateRig(tx, rig.value, { ...definedOnly({ ...set, labels }), environment }, recheck);
  return ok(image(tx, rig.value.id));
};

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function definedOnly<T extends object>(set: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(set).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
}

export const recheckRig: Apply<"rig.recheck"> = (tx, body) => {
  const rig = findRig(tx.db, body.rig);
  if (!rig.ok) return rig;
  updateRig(tx, rig.value, {}, true);
  return ok(image(tx, rig.value.id));
};
