/** Files that Git LFS keeps, as a run has them: contents where its rig wants them, and what is said where they are missing. */
import type { RigSpec } from "../../protocol/run-spec.ts";
import type { LfsBriefing } from "../agents/briefing.ts";
import type { Contents } from "../git/lfs/contents.ts";
import type { RigRepository } from "../git/mirror.ts";
import type { Oid } from "../git/porcelain.ts";
import type { LiveRun } from "./live-run.ts";
import type { Workplace } from "./workplace.ts";

const PATHS_TOLD_MAX = 10;

/** Whether the trees of a run are to have contents. */
export function wantsContents({ spec }: LiveRun): boolean {
  return "rig" in spec && spec.rig.lfs === "fetched";
}

/** Contents of a commit or tree that is about to be written. */
export async function bringLfs(
  place: Workplace,
  run: LiveRun,
  rig: RigRepository,
  oid: Oid,
): Promise<Contents> {
  const contents = await place.works.lfs.bring(rig, oid, run.holder);
  if (contents.absence !== null) run.notice("warning", absenceWords(contents));
  return contents;
}

/** For people: what is missing, and why. */
export function absenceWords({ missing, absence }: Contents): string {
  const shown = missing.slice(0, PATHS_TOLD_MAX).join(", ");
  const more = missing.length - PATHS_TOLD_MAX;
  const which = shown === "" ? "" : `: ${shown}${more > 0 ? ` and ${more} more` : ""}`;
  return `Contents that Git LFS keeps are not here${which}. ${absence?.text ?? ""}`.trim();
}

/** What an agent is told of them. @param contents null where the rig's trees have pointers */
export function lfsBriefing(patterns: readonly string[], contents: Contents | null): LfsBriefing {
  const nothingKnown = contents !== null && contents.files === 0 && contents.absence !== null;
  const isFetched = contents !== null && !nothingKnown;
  return { patterns, isFetched, missing: contents?.missing ?? [] };
}

/** What lands in git itself although Git LFS should keep it: it counts, and people should know. */
export async function tellPlain(
  place: Workplace,
  run: LiveRun,
  rig: RigRepository,
  work: { readonly baseOid: Oid; readonly headOid: Oid },
): Promise<void> {
  const plain = await place.works.lfs.plain(rig, work.baseOid, work.headOid);
  if (plain.length === 0) return;
  // People paste the line: a name is one word of it, whatever is in it.
  const words = plain
    .filter((path) => !/\p{Cc}/u.test(path))
    .slice(0, PATHS_TOLD_MAX)
    .map(quoted);
  const more = plain.length - words.length;
  run.notice(
    "warning",
    `Git LFS should keep ${plain.length === 1 ? "a file" : `${plain.length} files`} that git has itself now. To move them${more > 0 ? `, but for ${more}` : ""}: git lfs migrate import --no-rewrite -- ${words.join(" ")}`,
  );
}

/** One word of a shell. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** Gates that lack contents judge something else than people would: only where nobody has them do they go on without. */
export function holdsUpGates(
  { absence }: Contents,
  { name }: RigSpec,
): { code: "lfs_missing" | null; next: string } | null {
  if (absence === null || absence.why === "gone") return null;
  if (absence.why !== "program") return { code: null, next: "It is tried again." };
  return {
    code: "lfs_missing",
    next: `Install it there, or let trees have pointers: gastown rig set ${name} --lfs pointers.`,
  };
}
