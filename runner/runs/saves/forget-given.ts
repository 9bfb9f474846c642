/** Deletes what `gastown give` has left of a bead: commits that were taken, refused, or replaced by others. */
import { failure, type Outcome } from "../../git/outcome.ts";
import type { Oid } from "../../git/porcelain.ts";
import { type Place, refusalOf } from "../../git/push.ts";
import type { RigRepository } from "../../git/mirror.ts";
import type { Works } from "../../works/works.ts";

type Refs = Pick<Works, "refs">;

/** Refs of what people have given of a bead, with their commits. */
export function givenRefs(
  { refs }: Refs,
  place: Place,
  beadId: string,
): Promise<Outcome<{ refs: Map<string, Oid> }>> {
  return refs.list(place, `refs/gastown/given/${beadId}/`);
}

/** Deletes these, each where it holds what was seen. Safe to repeat. Errors: what reaching the repository gives, push_refused. */
export async function deleteGiven(
  { refs }: Refs,
  rig: RigRepository,
  place: Place,
  given: ReadonlyMap<string, Oid>,
): Promise<Outcome<object>> {
  if (given.size === 0) return { ok: true };
  const updates = [...given].map(([ref, oid]) => ({ ref, to: null, expected: oid }));
  const gone = await refs.push(rig, place, updates);
  if (!gone.ok || gone.refs.every(({ state }) => state !== "refused")) return gone;
  return failure("push_refused", `Given work is not deleted: ${refusalOf(gone.refs)}.`, "", {
    retryable: true,
  });
}
