/** A run that goes on, in its agent's own words, with when its work last moved. */
import type { Run } from "../../protocol/index.ts";
import { useImage } from "../lib/town.tsx";
import { RefLink } from "../shell/ref-link.tsx";
import { AgentMark, RoleGlyph } from "../ui/agent-mark.tsx";
import { Age, Took } from "../ui/age.tsx";
import { Moved } from "../ui/moved.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { fullWords } from "../words/figures.ts";
import { capital } from "../words/history.ts";
import { runKindWords, runLook } from "../words/states.ts";

export function LiveRun({ run }: { run: Run }) {
  const agent = useImage("agent", run.agentId);
  const issue = useImage("issue", run.beadId);
  const rig = useImage("rig", run.rigId);
  const look = runLook(run);
  const words = capital(agent?.bubble ?? run.phase ?? look.label);
  const full = fullWords(run.context);
  const subject =
    issue?.title ??
    (run.kind === "baseline" && rig
      ? `Baseline of ${rig.name}`
      : run.kind === "session"
        ? "Talks with you"
        : runKindWords[run.kind]);
  return (
    <RefLink
      row
      id={run.id}
      className="relative flex items-start overflow-hidden gap-3 px-3 py-2.5 hover:bg-raised focus-visible:-outline-offset-2 data-open:bg-raised"
    >
      {agent ? (
        <AgentMark id={agent.id} name={agent.name} size={28} live />
      ) : (
        <span className="flex size-7 items-center justify-center rounded-sm bg-raised">
          <StateMark look={look} silent />
        </span>
      )}
      <span className="min-w-0 flex-1">
        <span className="flex items-center gap-1.5 text-xs text-ink-3">
          {agent && <RoleGlyph role={agent.role} />}
          <span className="truncate font-medium text-ink-2">
            {agent?.name ?? runKindWords[run.kind]}
          </span>
          <Took from={run.startedAt ?? run.offeredAt} to={run.endedAt} className="ml-auto" />
        </span>
        <span className="mt-0.5 block truncate text-sm text-ink">{subject}</span>
        <span className="mt-0.5 flex items-baseline gap-2 text-xs text-ink-3">
          <span className="min-w-0 flex-1 truncate">{words}</span>
          {full !== null && <span className="num shrink-0">{full}</span>}
          {run.lastProgressAt !== null && (
            <span className="shrink-0">
              moved <Age at={run.lastProgressAt} form="ago" />
            </span>
          )}
        </span>
      </span>
      <Moved at={run.lastProgressAt} />
    </RefLink>
  );
}
