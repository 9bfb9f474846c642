/** A run in one line. */
import type { Run } from "../../protocol/index.ts";
import { shortId } from "../../protocol/index.ts";
import { useImage } from "../lib/town.tsx";
import { RefLink } from "../shell/ref-link.tsx";
import { Age, Took } from "../ui/age.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { spent } from "../words/figures.ts";
import { runKindWords, runLook } from "../words/states.ts";

/** `named`: it says which bead it is of, where the rows around it are of several. */
export function RunRow({ run, named = false }: { run: Run; named?: boolean }) {
  const bead = named ? run.beadId : null;
  const issue = useImage("issue", bead);
  const look = runLook(run);
  const phase = run.phase === run.state ? null : run.phase;
  const said = run.state === "ended" ? run.reason?.message : phase;
  const title = bead && (issue?.title ?? shortId(bead));
  const detail = [title, said].filter(Boolean).join(" · ");
  return (
    <RefLink
      row
      id={run.id}
      className="flex min-h-9 items-center gap-2.5 px-3 py-1.5 hover:bg-raised focus-visible:-outline-offset-2 data-open:bg-raised"
    >
      <StateMark look={look} silent />
      <span className="min-w-0 flex-1">
        <span className="block truncate text-sm">
          {runKindWords[run.kind]} <span className="text-ink-3">{look.label.toLowerCase()}</span>
        </span>
        {detail && <span className="block truncate text-xs text-ink-3">{detail}</span>}
      </span>
      {run.usage.calls > 0 && <span className="num text-xs text-ink-3">{spent(run.usage)}</span>}
      <Took from={run.startedAt ?? run.offeredAt} to={run.endedAt} className="text-xs text-ink-2" />
      <span className="mono shrink-0 whitespace-nowrap text-ink-3 @max-sm:hidden">
        {shortId(run.id)}
      </span>
      <Age
        at={run.endedAt ?? run.offeredAt}
        className="w-12 shrink-0 text-right text-xs text-ink-3"
      />
    </RefLink>
  );
}
