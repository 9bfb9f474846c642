/** Files that Git LFS keeps, as a run has them: contents where its rig wants them, and what is said where they are missing. */
import type { LfsBriefing } from "../agents/briefing.ts";
import type { Contents } from "../git/lfs/contents.ts";
import type { RigRepository } from "../git/mirror.ts";
import type { Oid } from "../git/porcelain.ts";
import { nameList } from "../name-list.ts";
import { shellWord } from "../process/shell-word.ts";
import { lfsPatternsIn } from "../works/lfs.ts";
import { GATES_FAILED, type Unopened } from "./gates.ts";
import type { LiveRun } from "./live-run.ts";
import type { Workplace } from "./workplace.ts";

const PATHS_TOLD_MAX = 10;

/** Contents of a commit or tree that is about to be written; null: trees of the run's rig have pointers. */
export async function bringLfs(
  place: Workplace,
  run: LiveRun,
  rig: RigRepository,
  oid: Oid,
): Promise<Contents | null> {
  const { spec } = run;
  if (!("rig" in spec) || spec.rig.lfs !== "fetched") return null;
  const contents = await place.works.lfs.bring(rig, oid, run.holder);
  if (contents.absence !== null) run.notice("warning", absenceWords(contents));
  return contents;
}

/** For people: what is missing, and why. */
export function absenceWords({ missing, absence }: Contents): string {
  const which = missing.length === 0 ? "" : `: ${nameList(missing, PATHS_TOLD_MAX)}`;
  return `Contents that Git LFS keeps are not here${which}. ${absence?.text ?? ""}`.trim();
}

/** What an agent is told of them. @param contents null where the rig's trees have pointers */
export async function lfsBriefing(
  { works }: Workplace,
  rig: RigRepository,
  oid: Oid,
  contents: Contents | null,
): Promise<LfsBriefing> {
  const patterns = await lfsPatternsIn(works, rig, oid);
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
  return /^[\w./-]+$/.test(path) ? path : shellWord(path);
}

/** Gates that lack contents judge something else than people would: only where nobody has them do they go on without. */
export function withoutContents(contents: Contents, rigName: string): Unopened | null {
  const { absence } = contents;
  if (absence === null || absence.why === "gone") return null;
  const words = absenceWords(contents);
  if (absence.why !== "program")
    return { code: GATES_FAILED, infra: `${words} It is tried again.` };
  const next = `Install it there, or let trees have pointers: gastown rig set ${rigName} --lfs pointers.`;
  return { code: "lfs_missing", infra: `${words} ${next}` };
}
