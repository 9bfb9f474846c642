/** What the town calls safe is in the rig's repository, and what a run has saved is somewhere. */
import type { Image } from "../../protocol/index.ts";
import type { SimRepository } from "../git/forge.ts";
import { Violation } from "./violation.ts";

export interface Disks {
  /** The repository of a rig; undefined when the rig is gone. */
  ofRig(rigId: string | null): SimRepository | undefined;
  /** The stores on all runners. */
  stores(): Iterable<SimRepository>;
}

/** Of every run that is shown. */
export function checkSaved({ id, rigId, savedWork }: Image<"run">, disks: Disks): void {
  if (savedWork === null) return;
  const { oid, remoteOid } = savedWork;
  const rig = disks.ofRig(rigId);
  if (remoteOid !== null && rig?.has(remoteOid) === false)
    throw new Violation("saved-safe", `${id} is said to be copied as ${remoteOid}, and is not`);
  const isThere = remoteOid === oid || [...disks.stores()].some((store) => store.has(oid));
  if (!isThere) throw new Violation("saved-kept", `${id} has saved ${oid}, and no disk holds it`);
}
