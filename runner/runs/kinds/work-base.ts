/** What a work run begins from: a fresh base that holds every landed parent, and saved work carried onto it. */
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import type { RigRepository } from "../../git/mirror.ts";
import type { Outcome } from "../../git/outcome.ts";
import type { Oid } from "../../git/porcelain.ts";
import type { Attribution } from "../../git/run-repo.ts";
import { ending, type Ending } from "../live-run.ts";
import { contains, resolveBase } from "../../works/base.ts";
import type { FetchedRig } from "../../works/rig-desk.ts";
import type { Workplace } from "../workplace.ts";

export type WorkBase = {
  rig: RigRepository;
  target: string;
  base: Oid;
  start: Oid;
  /** The saved commit that goes on, if any. */
  savedOid: Oid | null;
  /** Files that hold conflict marks after the base was brought into the saved work. */
  conflicts: readonly string[];
};

/** Errors are the run's ending: `base_behind` while a parent's landing is not in the base yet. */
export async function workBase(
  place: Workplace,
  spec: RunSpecOf<"work">,
  fetched: FetchedRig,
): Promise<{ ok: true; value: WorkBase } | { ok: false; ending: Ending }> {
  const { rig, target } = fetched;
  const { history } = place.works;
  const { delivery } = spec.bead;
  const { convoyBranch } = spec.rig;
  const base = await resolveBase(history, rig, { target, delivery, convoyBranch });
  if (!base.ok) return { ok: false, ending: rejected(base.error.code, base.error.message) };
  for (const oid of spec.contains) {
    const held = await contains(history, rig, { oid, inRef: base.oid });
    if (!held.ok) return { ok: false, ending: rejected(held.error.code, held.error.message) };
    if (!held.yes) {
      const message = `${base.ref} at ${base.oid.slice(0, 12)} does not hold the landed commit ${oid.slice(0, 12)} yet. It is tried again.`;
      return {
        ok: false,
        ending: rejected("base_behind", message, { missing: oid, retryable: true }),
      };
    }
  }
  const plain: WorkBase = {
    rig,
    target,
    base: base.oid,
    start: base.oid,
    savedOid: null,
    conflicts: [],
  };
  // Work that is in another runner's store alone is done again, but never without what its convoy has there.
  const begins = [spec.savedWork?.oid, spec.carries.at(-1)].filter((oid) => oid !== undefined);
  const known = await Promise.all(begins.map((oid) => history.hasCommit(rig, oid)));
  const savedOid = begins.find((_, n) => known[n] === true);
  if (savedOid === undefined && spec.carries.length > 0)
    return {
      ok: false,
      ending: rejected("base_behind", "The branch of the convoy is not here.", { retryable: true }),
    };
  if (savedOid === undefined) return { ok: true, value: plain };
  const carried = await carry(place, rig, {
    saved: savedOid,
    base: base.oid,
    attribution: attributionOf(spec),
  });
  if (!carried.ok)
    return { ok: false, ending: rejected(carried.error.code, carried.error.message) };
  return {
    ok: true,
    value: { ...plain, start: carried.start, savedOid, conflicts: carried.conflicts },
  };
}

export function attributionOf({
  agent,
  author,
}: Pick<RunSpecOf<"work">, "agent" | "author">): Attribution {
  return {
    author,
    committer: {
      name: agent.name,
      email: `${agent.name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}@gastown.local`,
    },
  };
}

/**
 * Brings the base into saved work by a merge commit. Files in conflict keep their marks: the agent that
 * goes on is told and resolves them, for nobody else knows what was meant.
 */
async function carry(
  place: Workplace,
  rig: RigRepository,
  wish: { saved: Oid; base: Oid; attribution: Attribution },
): Promise<Outcome<{ start: Oid; conflicts: readonly string[] }>> {
  const { saved, base, attribution } = wish;
  const { history } = place.works;
  const within = await history.isAncestor(rig, base, saved);
  if (!within.ok) return within;
  if (within.yes) return { ok: true, start: saved, conflicts: [] };
  const brought = await history.mergeTrees(rig, saved, base);
  if (!brought.ok) return brought;
  const { merged } = brought;
  const made = await history.commit(rig, {
    tree: merged.tree,
    parents: [saved, base],
    message: "Bring in the newer base\n",
    ...attribution,
    atMs: place.clock.now(),
  });
  if (!made.ok) return made;
  return { ok: true, start: made.oid, conflicts: merged.kind === "conflict" ? merged.files : [] };
}

function rejected(code: string, message: string, details: Record<string, unknown> = {}): Ending {
  return ending("rejected", code, message, { details: { phase: "prepare", ...details } });
}
