/** A bead in one line: state, title, why it waits, rig, age. */
import type { Issue } from "../../protocol/index.ts";
import { shortId } from "../../protocol/index.ts";
import { useImage } from "../lib/town.tsx";
import { RefLink } from "../shell/ref-link.tsx";
import { Age } from "../ui/age.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { withShortIds } from "../words/history.ts";
import { issueLook } from "../words/states.ts";

export function IssueRow({ issue, showRig = true }: { issue: Issue; showRig?: boolean }) {
  const rig = useImage("rig", issue.rigId);
  const why = issue.failure?.message ?? issue.wait?.text;
  return (
    <RefLink
      row
      id={issue.id}
      className="flex min-h-9 items-center gap-2.5 px-3 py-1.5 hover:bg-raised focus-visible:-outline-offset-2 data-open:bg-raised"
    >
      <StateMark look={issueLook(issue)} />
      <span className="min-w-0 flex-1">
        <span className="block truncate text-sm">{issue.title}</span>
        {why && issue.status !== "closed" && (
          <span className="block truncate text-xs text-ink-3">{withShortIds(why)}</span>
        )}
      </span>
      {issue.landedOid && (
        <span className="mono text-ink-3 @max-xl:hidden">{issue.landedOid.slice(0, 7)}</span>
      )}
      {showRig && rig && (
        <span className="max-w-28 truncate text-xs text-ink-3 @max-xl:hidden">{rig.name}</span>
      )}
      <span className="mono shrink-0 whitespace-nowrap text-ink-3 @max-sm:hidden">
        {shortId(issue.id)}
      </span>
      <Age
        at={issue.closedAt ?? issue.stateSince}
        className="w-12 shrink-0 text-right text-xs text-ink-3"
      />
    </RefLink>
  );
}
