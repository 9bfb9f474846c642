/** Agents: who is at work, on what, in their own words. */
import { useMemo } from "react";
import type { Agent } from "../../protocol/index.ts";
import { useImage, useImages, useTopic, useTopicProblem } from "../lib/town.tsx";
import { RefLink } from "../shell/ref-link.tsx";
import { AgentMark, RoleGlyph, roleWords } from "../ui/agent-mark.tsx";
import { Age } from "../ui/age.tsx";
import { Page, Section } from "../ui/card.tsx";
import { Empty, Problem, SkeletonRows } from "../ui/feedback.tsx";
import { Moved } from "../ui/moved.tsx";
import { StateChip } from "../ui/state-mark.tsx";
import { agentLook } from "../words/states.ts";

export function AgentsView() {
  const { ready } = useTopic("agents");
  const problem = useTopicProblem("agents");
  const agents = useImages("agents", "agent");
  const sorted = useMemo(
    () =>
      [...agents].sort(
        (a, b) =>
          Number(b.state === "working") - Number(a.state === "working") ||
          (b.lastActivityAt ?? b.createdAt) - (a.lastActivityAt ?? a.createdAt),
      ),
    [agents],
  );
  const working = sorted.filter((agent) => agent.state === "working").length;
  return (
    <Page title="Agents" note={ready && agents.length > 0 ? `${working} at work` : undefined}>
      {problem && <Problem>{problem}</Problem>}
      {!ready && !problem && <SkeletonRows />}
      {ready && agents.length === 0 && (
        <div className="rounded-lg border border-line bg-panel">
          <Empty title="No agent yet">
            Agents appear when there is work: a Mayor when you talk, polecats that build, refineries
            that review.
          </Empty>
        </div>
      )}
      {agents.length > 0 && (
        <Section title="All agents" count={agents.length}>
          <ul className="divide-y divide-line">
            {sorted.map((agent) => (
              <li key={agent.id}>
                <Row agent={agent} />
              </li>
            ))}
          </ul>
        </Section>
      )}
    </Page>
  );
}

function Row({ agent }: { agent: Agent }) {
  const issue = useImage("issue", agent.beadId);
  const rig = useImage("rig", agent.rigId);
  return (
    <RefLink
      row
      id={agent.id}
      className={`relative grid overflow-hidden grid-cols-[32px_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-0.5 px-3 py-2.5 hover:bg-raised focus-visible:-outline-offset-2 data-open:bg-raised @2xl:grid-cols-[32px_200px_minmax(0,1fr)_auto_56px]`}
    >
      <AgentMark id={agent.id} name={agent.name} size={32} live={agent.state === "working"} />
      <span className="min-w-0">
        <span className="flex items-center gap-1.5">
          <span className="truncate text-sm font-medium">{agent.name}</span>
          <RoleGlyph role={agent.role} />
        </span>
        <span className="block truncate text-xs text-ink-3">
          {agent.role === "mayor" ? "Talks with you" : roleWords[agent.role]}
          {rig ? ` in ${rig.name}` : ""}
        </span>
      </span>
      <span className="min-w-0 @max-2xl:order-4 @max-2xl:col-span-2 @max-2xl:col-start-2">
        {issue && <span className="block truncate text-sm">{issue.title}</span>}
        <span className="block truncate text-xs text-ink-3">
          {agent.bubble ??
            (agent.state === "working"
              ? "Starting"
              : agent.role === "mayor"
                ? "Waits for your words"
                : "Waits for work")}
        </span>
      </span>
      <StateChip look={agentLook(agent.state)} />
      <Moved at={agent.state === "working" ? agent.lastActivityAt : null} />
      <span className="text-right text-xs text-ink-3 @max-2xl:hidden">
        {agent.lastActivityAt !== null && <Age at={agent.lastActivityAt} />}
      </span>
    </RefLink>
  );
}
