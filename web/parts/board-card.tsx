/** A bead on the board. It glides when it changes its column. */
import { memo, useLayoutEffect, useRef } from "react";
import type { Issue } from "../../protocol/index.ts";
import { shortId } from "../../protocol/index.ts";
import { useImage } from "../lib/town.tsx";
import { RefLink } from "../shell/ref-link.tsx";
import { AgentMark } from "../ui/agent-mark.tsx";
import { Age } from "../ui/age.tsx";
import { PriorityMark } from "../ui/priority.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { branchOf, capital, withShortIds } from "../words/history.ts";
import { issueLook } from "../words/states.ts";

export const CARD_HEIGHT_PX = 100;
const GLIDE_MS = 170;

/** Where each card was last seen, so that it can come from there. */
const lastPlaces = new Map<string, { column: string; x: number; y: number }>();

function useGlide(id: string, column: string) {
  const card = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const { current } = card;
    if (!current) return;
    const box = current.getBoundingClientRect();
    const last = lastPlaces.get(id);
    lastPlaces.set(id, { column, x: box.x, y: box.y });
    if (!last || last.column === column || matchMedia("(prefers-reduced-motion: reduce)").matches)
      return;
    current.animate(
      [
        { transform: `translate(${last.x - box.x}px, ${last.y - box.y}px)`, opacity: 0.6 },
        { transform: "none", opacity: 1 },
      ],
      {
        duration: GLIDE_MS,
        easing: "ease-out",
      },
    );
  }, [id, column]);
  return card;
}

export const BoardCard = memo(function BoardCard({
  issue,
  showRig,
}: {
  issue: Issue;
  showRig: boolean;
}) {
  const card = useGlide(issue.id, issue.status);
  const rig = useImage("rig", issue.rigId);
  const agent = useImage("agent", issue.assigneeId);
  const review = useImage("review", issue.reviewId);
  const run = useImage("run", agent?.runId ?? null);
  const why =
    issue.status === "closed"
      ? issue.landedOid && `on ${branchOf(issue.landedOn ?? "")} as ${issue.landedOid.slice(0, 7)}`
      : (issue.failure?.message ??
        issue.wait?.text ??
        (issue.status === "in_review" ? review?.wait?.text : null) ??
        agent?.bubble ??
        (run && capital(run.phase ?? run.state)) ??
        null);
  const failed = issue.failure !== null && issue.status === "failed";
  return (
    <div ref={card}>
      <RefLink
        row
        column={issue.status}
        id={issue.id}
        className="flex h-[92px] flex-col rounded-md border border-line bg-panel px-2.5 py-2 transition-colors duration-120 hover:border-line-strong hover:bg-raised focus-visible:-outline-offset-1 data-open:border-focus"
      >
        <span className="flex items-center gap-1.5 text-xs text-ink-3">
          {issue.status === "closed" ? (
            <StateMark look={issueLook(issue)} size={12} />
          ) : (
            <PriorityMark priority={issue.priority} />
          )}
          <span className="mono whitespace-nowrap">{shortId(issue.id)}</span>
          {showRig && rig && <span className="min-w-0 truncate max-2xl:hidden">{rig.name}</span>}
          <Age at={issue.closedAt ?? issue.stateSince} className="ml-auto" />
          {agent && issue.status !== "closed" && (
            <AgentMark id={agent.id} name={agent.name} size={16} live={agent.state === "working"} />
          )}
        </span>
        <span className="mt-1 line-clamp-2 text-sm leading-[17px] text-ink">{issue.title}</span>
        {why && (
          <span
            className={`mt-auto truncate text-xs leading-[15px] ${failed ? "text-s-failed" : "text-ink-3"}`}
          >
            {withShortIds(why)}
          </span>
        )}
      </RefLink>
    </div>
  );
});
