import type { Oid } from "./porcelain.ts";

/** What a run had is held by a ref of the runner's store; seen there, whole, by the runner itself. */
export type SavedProof = {
  readonly kind: "saved";
  readonly beadId: string;
  readonly runId: string;
  readonly ref: string;
  readonly oid: Oid;
  readonly tree: Oid;
};

/** A run has nothing that its base does not have, or has no tree at all. */
export type NothingToSave = {
  readonly kind: "nothing_to_save";
  readonly beadId: string;
  readonly runId: string;
  readonly reason: "no_tree" | "equals_base";
};

export type RemovalProof = SavedProof | NothingToSave;

/** No tree of the rig is left here, and of its store nothing is worth keeping: its repository has it, or a person dropped it. */
export type RigProof = {
  readonly kind: "held_elsewhere" | "dropped";
  readonly rigId: string;
};

// A proof is an object made here after the check, not anything of its shape: what was stored or
// sent must be verified again before it counts.
const issued = new WeakSet<object>();

/** For the code that has just verified the fact: `saved-work.ts`, `works/retire-run.ts`, `works/let-rig-go.ts`, and a simulation's own trees. */
export function issueProof<P extends RemovalProof | RigProof>(proof: P): P {
  const frozen = Object.freeze({ ...proof });
  issued.add(frozen);
  return frozen;
}

/** Whether this object was issued here, for this run. */
export function isRemovalProof(proof: RemovalProof, runId: string): boolean {
  return issued.has(proof) && proof.runId === runId;
}

/** The same for a rig's repositories. */
export function isRigProof(proof: RigProof, rigId: string): boolean {
  return issued.has(proof) && proof.rigId === rigId;
}
