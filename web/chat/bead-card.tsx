/** A bead or convoy inside the conversation; it stays live. */
import { useMemo } from "react";
import { shortId } from "../../protocol/index.ts";
import { useImage, useImages } from "../lib/town.tsx";
import { progressOf } from "../model/board.ts";
import { RefLink } from "../shell/ref-link.tsx";
import { ProgressBar } from "../ui/bar.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { convoyLook, issueLook } from "../words/states.ts";

const frame =
  "flex items-center gap-2.5 rounded-md border border-line bg-panel px-3 py-2 hover:border-line-strong hover:bg-raised data-open:border-line-strong";

export function BeadCard({ id }: { id: string }) {
  return id.startsWith("cv_") ? <ConvoyCard id={id} /> : <IssueCard id={id} />;
}

function IssueCard({ id }: { id: string }) {
  const issue = useImage("issue", id);
  return (
    <RefLink row id={id} className={frame}>
      {issue && <StateMark look={issueLook(issue)} />}
      <span className="min-w-0 flex-1 truncate text-sm">{issue?.title ?? "A bead"}</span>
      <span className="mono shrink-0 text-ink-3">{shortId(id)}</span>
    </RefLink>
  );
}

function ConvoyCard({ id }: { id: string }) {
  const convoy = useImage("convoy", id);
  const issues = useImages("board", "issue");
  const progress = useMemo(
    () => progressOf(issues.filter((issue) => issue.convoyId === id)),
    [issues, id],
  );
  return (
    <RefLink row id={id} className={`${frame} flex-wrap`}>
      {convoy && <StateMark look={convoyLook(convoy.state)} />}
      <span className="min-w-0 flex-1 truncate text-sm font-medium">
        {convoy?.title ?? "A convoy"}
      </span>
      <span className="num text-xs text-ink-2">
        {progress.landed + progress.closed}/{progress.total} landed
      </span>
      <span className="mono shrink-0 text-ink-3">{shortId(id)}</span>
      <span className="w-full">
        <ProgressBar progress={progress} />
      </span>
    </RefLink>
  );
}
