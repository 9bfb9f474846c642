/** Answers what changed between two commits of a rig, for the page. */
import { refuse, type Ack } from "../../protocol/error.ts";
import type { DiffAnswer, DiffFrame } from "../../protocol/runner-frames.ts";
import type { GitError, Outcome } from "../git/outcome.ts";
import { repositoryCode } from "./kinds/baseline.ts";
import type { Workplace } from "./workplace.ts";

/** Escaped as JSON it stays below a frame. */
const DIFF_BYTES_MAX = 110_000;
const FILES_MAX = 500;

export async function readDiff(
  place: Workplace,
  { rig: spec, baseOid, headOid }: DiffFrame,
): Promise<Ack<DiffAnswer>> {
  const opened = await place.rigs.open(spec);
  if (!opened.ok) return repositoryRefusal(opened.error);
  const { rig } = opened;
  const { history } = place.works;
  const holdsBoth = async (): Promise<Outcome<{ yes: boolean }>> => {
    const base = await history.hasCommit(rig, baseOid);
    return base.ok && base.yes ? history.hasCommit(rig, headOid) : base;
  };
  const known = await holdsBoth();
  if (!known.ok) return repositoryRefusal(known.error);
  if (!known.yes) {
    const fetched = await place.rigs.fetch(spec, null);
    if (!fetched.ok) return repositoryRefusal(fetched.error);
    const again = await holdsBoth();
    if (!again.ok) return repositoryRefusal(again.error);
    if (!again.yes)
      return refuse(
        "not_found",
        "This runner does not have those commits, and the remote does not either.",
      );
  }
  // What the branch did, not what the target did meanwhile.
  const stat = await history.diffStat(rig, baseOid, headOid, FILES_MAX);
  if (!stat.ok) return repositoryRefusal(stat.error);
  const diff = await history.unifiedDiff(rig, baseOid, headOid, {
    bytesMax: DIFF_BYTES_MAX,
  });
  if (!diff.ok) return repositoryRefusal(diff.error);
  const files = stat.stat.files.map(({ path, added, removed }) => ({
    path,
    additions: added ?? 0,
    deletions: removed ?? 0,
  }));
  return {
    ok: true,
    value: { files, diff: diff.text, truncated: diff.cut || stat.stat.filesTotal > files.length },
  };
}

/** A repository that cannot be used, as the town is told. */
export function repositoryRefusal(error: GitError): Ack<never> {
  const code = repositoryCode(error);
  const message = `${error.message} ${error.next}`;
  const known =
    code === "repository_auth" ||
    code === "repository_empty" ||
    code === "repository_invalid" ||
    code === "target_missing";
  return refuse(known ? code : "repository_unreachable", message, { retryable: error.retryable });
}
