/** A run: who, what for, how it goes; its stream as a log that reads. */
import { useState } from "react";
import { toast } from "sonner";
import type { Run } from "../../protocol/index.ts";
import { useConnection, useImage, useImages } from "../lib/town.tsx";
import { RunStream } from "../parts/run-stream.tsx";
import { RunSafety } from "./work-safety.tsx";
import { IdLink, RefLink } from "../shell/ref-link.tsx";
import { AgentMark } from "../ui/agent-mark.tsx";
import { Age, Took } from "../ui/age.tsx";
import { Button } from "../ui/button.tsx";
import { Fact, Facts } from "../ui/card.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { CopyButton } from "../ui/copy.tsx";
import { Moved } from "../ui/moved.tsx";
import { StateChip } from "../ui/state-mark.tsx";
import { compact, contextWords, count, spent } from "../words/figures.ts";
import { withShortIds } from "../words/history.ts";
import { beganWords, runKindWords, runLook } from "../words/states.ts";
import { Part, RawRecord, TopicFrame } from "./sections.tsx";

export function RunDrawer({ id }: { id: string }) {
  const topic = `run:${id}` as const;
  const held = useImages(topic, "run").find((image) => image.id === id);
  const known = useImage("run", id);
  const run = held ?? known;
  return (
    <TopicFrame topic={topic} found={run !== undefined}>
      {run && <RunBody run={run} />}
    </TopicFrame>
  );
}

function RunBody({ run }: { run: Run }) {
  const issue = useImage("issue", run.beadId);
  const [asking, setAsking] = useState(false);
  const connection = useConnection();
  const live = run.state !== "ended";
  return (
    <>
      <div className="relative overflow-hidden px-4 pb-4 pt-4">
        <h2 className="text-lg font-semibold leading-[22px]">
          {runKindWords[run.kind]}
          {issue && <span className="font-normal text-ink-2"> · {issue.title}</span>}
        </h2>
        <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
          <StateChip look={runLook(run)} />
          {run.phase && live && run.phase !== run.state && (
            <span className="text-ink-2">{run.phase}</span>
          )}
          <Took from={run.startedAt ?? run.offeredAt} to={run.endedAt} className="text-ink-3" />
          {live && run.lastProgressAt !== null && (
            <span className="text-ink-3">
              moved <Age at={run.lastProgressAt} form="ago" />
            </span>
          )}
          {live && (
            <Button size="small" look="danger" className="ml-auto" onClick={() => setAsking(true)}>
              Stop
            </Button>
          )}
        </div>
        {run.reason && (
          <p className="mt-2 rounded-md border border-line bg-canvas px-3 py-2 text-sm [overflow-wrap:anywhere]">
            {run.reason.message} <span className="mono text-ink-3">{run.reason.code}</span>
          </p>
        )}
        <Moved at={live ? run.lastProgressAt : null} />
      </div>
      <Part title="Log">
        <RunStream runId={run.id} live={live} />
      </Part>
      <RunFacts run={run} />
      <RawRecord value={run} />
      {asking && (
        <Confirm
          title="Stop this run?"
          action="Stop and save"
          look="danger"
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            const answer = await connection.call("run.stop", { run: run.id });
            if (answer.ok) toast("Stopping; its work is saved first");
            return answer;
          }}
        >
          <p>
            The agent is stopped and what it has written is saved to a ref of its own. It counts as
            no attempt.
          </p>
        </Confirm>
      )}
    </>
  );
}

function RunFacts({ run }: { run: Run }) {
  const agent = useImage("agent", run.agentId);
  const rig = useImage("rig", run.rigId);
  const runner = useImage("runner", run.runnerId);
  const { usage } = run;
  return (
    <Part title="Facts">
      <Facts>
        {agent && (
          <Fact name="Agent">
            <RefLink id={agent.id} className="inline-flex items-center gap-2 hover:underline">
              <AgentMark id={agent.id} name="" size={16} live={agent.runId === run.id} />{" "}
              {agent.name}
            </RefLink>
          </Fact>
        )}
        {run.beadId && (
          <Fact name="Bead">
            <IdLink id={run.beadId} />
          </Fact>
        )}
        {run.reviewId && (
          <Fact name="Review">
            <IdLink id={run.reviewId} />
          </Fact>
        )}
        {rig && <Fact name="Rig">{rig.name}</Fact>}
        <Fact name="Runner">{runner?.name ?? <IdLink id={run.runnerId} />}</Fact>
        {run.ports && (
          <Fact name="Ports">
            <span className="num">
              {run.ports.first}
              {run.ports.count > 1 && ` to ${run.ports.first + run.ports.count - 1}`}
            </span>
          </Fact>
        )}
        {run.model && (
          <Fact name="Model">
            <code>{run.model}</code>
          </Fact>
        )}
        <Fact name="Usage">
          <span className="num">
            {usage.calls === 0
              ? "no model call"
              : `${count(usage.calls, "call")} · ${compact(usage.inputTokens)} in · ${compact(usage.outputTokens)} out · ${compact(usage.cacheReadTokens)} cached · ${spent(usage)}`}
          </span>
        </Fact>
        {run.began && <Fact name="Began">{beganWords(run.began)}</Fact>}
        {run.context && (
          <Fact name="Context">
            <span className="num">{contextWords(run.context)}</span>
          </Fact>
        )}
        <Fact name="Attempt">
          <span className="num">
            {run.attempt}
            {run.round > 0 && ` · round ${run.round}`}
          </span>
        </Fact>
        <Holding run={run} />
        <Fact name="Offered">
          <Age at={run.offeredAt} form="ago" />
        </Fact>
      </Facts>
    </Part>
  );
}

/** What the run holds: its saved work, its fence and its lease. */
function Holding({ run }: { run: Run }) {
  return (
    <>
      {run.savedWork && (
        <Fact name="Saved work">
          <CopyButton
            text={run.savedWork.ref}
            label="Copy ref"
            shown={run.savedWork.ref}
            className="-ml-1"
          />
        </Fact>
      )}
      <RunSafety run={run} />
      <Fact name="Fence">
        <span className="num">
          {run.fence.epoch}.{run.fence.n}
        </span>{" "}
        <span className="mono text-ink-3">{withShortIds(run.resource)}</span>
      </Fact>
      {run.leaseUntilAt !== null && run.state !== "ended" && (
        <Fact name="Lease ends">
          <Age at={run.leaseUntilAt} form="until" />
        </Fact>
      )}
    </>
  );
}
