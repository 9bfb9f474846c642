/** Answers what is in a rig's repository, for people and the Mayor. */
import type { Browsed } from "../../protocol/entities/browse.ts";
import { refuse, type Ack } from "../../protocol/error.ts";
import type { BrowseFrame } from "../../protocol/runner-frames.ts";
import type { RigRepository } from "../git/mirror.ts";
import type { GitError, Outcome } from "../git/outcome.ts";
import type { Oid } from "../git/porcelain.ts";
import { repositoryRefusal } from "./diff.ts";
import type { Workplace } from "./workplace.ts";

export async function readBrowse(
  place: Workplace,
  { rig: spec, wish }: BrowseFrame,
): Promise<Ack<Browsed>> {
  const opened = await place.rigs.open(spec);
  if (!opened.ok) return repositoryRefusal(opened.error);
  const { rig } = opened;
  let target = spec.target;
  let known: Outcome<{ oid: Oid }> | null = null;
  if (!wish.fetch && (wish.ref ?? target) !== "")
    known = await place.works.browse.resolve(rig, wish.ref ?? target);
  if (known === null || !known.ok) {
    const fetched = await place.rigs.fetch(spec, null);
    if (!fetched.ok) return repositoryRefusal(fetched.error);
    target = fetched.target;
    known = await place.works.browse.resolve(rig, wish.ref ?? target);
  }
  if (!known.ok) return refused(known.error);
  return await look(place, rig, { ref: wish.ref ?? target, oid: known.oid }, wish);
}

async function look(
  place: Workplace,
  rig: RigRepository,
  at: { ref: string; oid: Oid },
  wish: BrowseFrame["wish"],
): Promise<Ack<Browsed>> {
  const found = await place.works.browse.look(rig, at, wish);
  return found.ok ? { ok: true, value: found.found } : refused(found.error);
}

function refused(error: GitError): Ack<never> {
  const message = `${error.message} ${error.next}`;
  return refuse(error.code === "git_failed" ? "repository_unreachable" : "not_found", message, {
    retryable: error.retryable,
  });
}
