/** An agent: who it is, what it is on, its current stream and its runs. */
import { useMemo, useState } from "react";
import type { Agent } from "../../protocol/index.ts";
import { useCommand, useConnection, useImage, useImages } from "../lib/town.tsx";
import { IssueRow } from "../parts/issue-row.tsx";
import { RunRow } from "../parts/run-row.tsx";
import { RunStream } from "../parts/run-stream.tsx";
import { IdLink } from "../shell/ref-link.tsx";
import { AgentMark, RoleGlyph, roleWords } from "../ui/agent-mark.tsx";
import { Age } from "../ui/age.tsx";
import { Button } from "../ui/button.tsx";
import { Fact, Facts } from "../ui/card.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Refusal } from "../ui/feedback.tsx";
import { StateChip } from "../ui/state-mark.tsx";
import { agentLook } from "../words/states.ts";
import { Part, RawRecord, Rows, TopicFrame } from "./sections.tsx";

export function AgentDrawer({ id }: { id: string }) {
  const topic = `agent:${id}` as const;
  const held = useImages(topic, "agent").find((image) => image.id === id);
  const known = useImage("agent", id);
  const agent = held ?? known;
  const runs = useImages(topic, "run");
  const ordered = useMemo(
    () => runs.filter((run) => run.agentId === id).sort((a, b) => b.offeredAt - a.offeredAt),
    [runs, id],
  );
  const issue = useImage("issue", agent?.beadId ?? null);
  const rig = useImage("rig", agent?.rigId ?? null);
  return (
    <TopicFrame topic={topic} found={agent !== undefined}>
      {agent && (
        <>
          <div className="flex items-start gap-3 px-4 py-4">
            <AgentMark id={agent.id} name="" size={40} live={agent.state === "working"} />
            <div className="min-w-0 flex-1">
              <h2 className="flex items-center gap-2 text-lg font-semibold leading-[22px]">
                {agent.name} <RoleGlyph role={agent.role} />
              </h2>
              <p className="mt-1 flex flex-wrap gap-x-3 text-sm">
                <StateChip look={agentLook(agent.state)} />
                {agent.lastActivityAt !== null && (
                  <span className="text-ink-3">
                    active <Age at={agent.lastActivityAt} form="ago" />
                  </span>
                )}
              </p>
              {agent.bubble && <p className="mt-2 text-sm text-ink-2">“{agent.bubble}”</p>}
              <AgentActions agent={agent} />
            </div>
          </div>
          {issue && (
            <Part title="On">
              <Rows>
                <IssueRow issue={issue} />
              </Rows>
            </Part>
          )}
          {agent.runId && (
            <Part title="Log" action={<IdLink id={agent.runId} copy={false} />}>
              <RunStream runId={agent.runId} live={agent.state === "working"} />
            </Part>
          )}
          {ordered.length > 0 && (
            <Part title="Runs" count={ordered.length}>
              <Rows>
                {ordered.map((run) => (
                  <RunRow key={run.id} run={run} named />
                ))}
              </Rows>
            </Part>
          )}
          <Part title="Facts">
            <Facts>
              <Fact name="Role">{roleWords[agent.role]}</Fact>
              {rig && <Fact name="Rig">{rig.name}</Fact>}
              <Fact name="Here since">
                <Age at={agent.createdAt} form="ago" />
              </Fact>
            </Facts>
          </Part>
          <RawRecord value={agent} />
        </>
      )}
    </TopicFrame>
  );
}

/** What a person can do with an agent now; nothing else is offered. */
function AgentActions({ agent }: { agent: Agent }) {
  const connection = useConnection();
  const retire = useCommand("agent.retire");
  const [isAsking, setIsAsking] = useState(false);
  const { id, version, name, role, state, runId } = agent;
  return (
    <div className="mt-3 flex flex-wrap gap-2">
      {runId !== null && (
        <Button size="small" look="danger" onClick={() => setIsAsking(true)}>
          Reset…
        </Button>
      )}
      {state === "idle" && role !== "mayor" && (
        <Button
          size="small"
          sent={retire.state.phase === "sent"}
          onClick={() => void retire.run({ agent: id, version })}
        >
          Retire
        </Button>
      )}
      {retire.state.phase === "refused" && <Refusal error={retire.state.error} />}
      {isAsking && (
        <Confirm
          title={`Take ${name} off its run?`}
          action="Reset"
          look="danger"
          onClose={() => setIsAsking(false)}
          onConfirm={() => connection.call("agent.reset", { agent: id, version })}
        >
          <p>
            The run is stopped and what it has written is saved to a ref of its own. It counts as no
            attempt, and the bead goes on with another run.
          </p>
        </Confirm>
      )}
    </div>
  );
}
