/** A bead: where it is and why, what one can do, its rounds, diff, runs and history; the record last. */
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Issue, TriageRequest } from "../../protocol/index.ts";
import { useImage, useImages } from "../lib/town.tsx";
import { BeadActions } from "../parts/bead-actions.tsx";
import { CommitsPart } from "./commits-part.tsx";
import { DiffPart } from "../parts/diff-part.tsx";
import { History } from "../parts/history.tsx";
import { IssueRow } from "../parts/issue-row.tsx";
import { MessagesPart } from "./messages-part.tsx";
import { MoleculeSteps } from "../parts/molecule-steps.tsx";
import { RoundCard } from "../parts/round.tsx";
import { RunRow } from "../parts/run-row.tsx";
import { WhyPart } from "../parts/why-part.tsx";
import { WorkSafety } from "./work-safety.tsx";
import { IdLink, Linked, RefLink } from "../shell/ref-link.tsx";
import { AgentMark } from "../ui/agent-mark.tsx";
import { Age } from "../ui/age.tsx";
import { Fact, Facts } from "../ui/card.tsx";
import { CopyButton } from "../ui/copy.tsx";
import { Markdown } from "../ui/markdown.tsx";
import { PriorityMark } from "../ui/priority.tsx";
import { StateChip } from "../ui/state-mark.tsx";
import { actorOf, branchOf } from "../words/history.ts";
import { issueLook, reviewLook } from "../words/states.ts";
import { triageText } from "../words/triage.ts";
import { Part, RawRecord, Rows, TopicFrame } from "./sections.tsx";

export function BeadDrawer({ id }: { id: string }) {
  const topic = `bead:${id}` as const;
  const issues = useImages(topic, "issue");
  const known = useImage("issue", id);
  const issue = issues.find((image) => image.id === id) ?? known;
  return (
    <TopicFrame topic={topic} found={issue !== undefined}>
      {issue && <Bead issue={issue} related={issues} />}
    </TopicFrame>
  );
}

function Bead({ issue, related }: { issue: Issue; related: Issue[] }) {
  const topic = `bead:${issue.id}` as const;
  const runs = useImages(topic, "run");
  const reviews = useImages(topic, "review");
  const events = useImages(topic, "event");
  const requests = useImages(topic, "triage");
  const mails = useImages(topic, "mail").filter((mail) => mail.toId === issue.id);
  const ordered = useMemo(() => [...runs].sort((a, b) => b.offeredAt - a.offeredAt), [runs]);
  const rounds = useMemo(
    () =>
      reviews
        .flatMap((review) => review.rounds.map((round) => ({ review, round })))
        .sort((a, b) => b.round.at - a.round.at),
    [reviews],
  );
  return (
    <>
      <Head issue={issue} />
      {issue.status !== "closed" && (
        <WhyPart
          of="bead"
          id={issue.id}
          stamp={`${issue.status} ${issue.stateSince} ${issue.wait?.text} ${issue.runId} ${reviews[0]?.state} ${requests.length} ${requests.at(-1)?.state}`}
        />
      )}
      <TriagePart requests={requests} />
      <BeadFacts issue={issue} />
      {issue.body !== "" && (
        <Part title="What to do">
          <Markdown text={issue.body} />
        </Part>
      )}
      <StepsPart issue={issue} />
      <Relations issue={issue} related={related} />
      {rounds.length > 0 && (
        <Part title="Rounds" count={rounds.length}>
          <div className="space-y-3">
            {rounds.map(({ review, round }) => (
              <RoundCard key={`${review.id}:${round.round}`} round={round} />
            ))}
          </div>
        </Part>
      )}
      <MessagesPart issue={issue} mails={mails} />
      {issue.headOid && <CommitsPart beadId={issue.id} headOid={issue.headOid} />}
      {issue.headOid && <DiffPart beadId={issue.id} headOid={issue.headOid} />}
      {ordered.length > 0 && (
        <Part title="Runs" count={ordered.length}>
          <Rows>
            {ordered.map((run) => (
              <RunRow key={run.id} run={run} />
            ))}
          </Rows>
        </Part>
      )}
      {events.length > 0 && (
        <Part title="History" count={events.length}>
          <History events={events} />
        </Part>
      )}
      <RawRecord value={issue} />
    </>
  );
}

/** What triage was asked about it, the newest first. */
function TriagePart({ requests }: { requests: TriageRequest[] }) {
  const told = requests
    .toSorted((a, b) => b.createdAt - a.createdAt)
    .flatMap((request) => {
      const text = triageText({ ...request, isTaken: request.runId !== null });
      return text === null ? [] : [{ request, text }];
    });
  if (told.length === 0) return null;
  return (
    <Part title="Triage">
      <ul className="space-y-1.5 text-sm">
        {told.map(({ request, text }) => (
          <li key={request.id} className="[overflow-wrap:anywhere]">
            <RefLink id={request.id} className="underline-offset-2 hover:underline">
              {request.title}
            </RefLink>{" "}
            <span className="text-ink-2">{text}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Head({ issue }: { issue: Issue }) {
  return (
    <div className="px-4 pb-4 pt-4">
      <h2 className="text-lg font-semibold leading-[22px] tracking-[-0.008em] [overflow-wrap:anywhere]">
        {issue.title}
      </h2>
      <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <StateChip look={issueLook(issue)} />
        <span className="text-ink-3">
          {issue.status === "closed" || issue.status === "failed" ? (
            <Age at={issue.closedAt ?? issue.stateSince} form="ago" />
          ) : (
            <>
              for <Age at={issue.stateSince} />
            </>
          )}
        </span>
      </div>
      {issue.wait && issue.status !== "closed" && (
        <p className="mt-2 text-sm text-ink-2">
          <Linked text={issue.wait.text} />
          {issue.wait.untilAt !== null && (
            <span className="text-ink-3">
              {" "}
              (<Age at={issue.wait.untilAt} form="until" />)
            </span>
          )}
        </p>
      )}
      {issue.failure && (
        <p className="mt-2 rounded-md border border-line bg-canvas px-3 py-2 text-sm [overflow-wrap:anywhere]">
          <span className="font-medium text-s-failed">Why it failed: </span>
          <Linked text={issue.failure.message} />{" "}
          <span className="mono text-ink-3">{issue.failure.code}</span>
        </p>
      )}
      <BeadActions issue={issue} />
    </div>
  );
}

function BeadFacts({ issue }: { issue: Issue }) {
  const rig = useImage("rig", issue.rigId);
  const agent = useImage("agent", issue.assigneeId);
  const review = useImage("review", issue.reviewId);
  const by = actorOf(issue.createdBy);
  return (
    <Part title="Facts">
      <Facts>
        {rig && (
          <Fact name="Rig">
            <Link to={`/rigs/${rig.id}`} search={{}} className="underline-offset-2 hover:underline">
              {rig.name}
            </Link>
          </Fact>
        )}
        <Fact name="Priority">
          <span className="inline-flex items-center gap-2">
            <PriorityMark priority={issue.priority} /> {issue.priority}
          </span>
        </Fact>
        {agent && (
          <Fact name="Agent">
            <RefLink id={agent.id} className="inline-flex items-center gap-2 hover:underline">
              <AgentMark id={agent.id} name="" size={16} live={agent.state === "working"} />{" "}
              {agent.name}
            </RefLink>
          </Fact>
        )}
        {issue.runId && (
          <Fact name="Run now">
            <IdLink id={issue.runId} />
          </Fact>
        )}
        {issue.reviewId && (
          <Fact name="Review">
            <RefLink id={issue.reviewId} className="hover:underline">
              {review ? reviewLook(review.state).label : "Open"}
            </RefLink>
          </Fact>
        )}
        <Attempts issue={issue} />
        <Fact name="Delivery">{issue.delivery ?? "as the rig says"}</Fact>
        <Commits issue={issue} />
        {issue.savedWork && issue.status !== "closed" && <WorkSafety saved={issue.savedWork} />}
        <Fact name="Created">
          <Age at={issue.createdAt} form="ago" /> by{" "}
          {by.id ? <IdLink id={by.id} copy={false} /> : by.label}
        </Fact>
      </Facts>
    </Part>
  );
}

function Attempts({ issue }: { issue: Issue }) {
  return (
    <Fact name="Attempts">
      <span className="num">
        {issue.attempt}
        {issue.workAttempts > 0 && (
          <span className="text-ink-3"> · {issue.workAttempts} without finished work</span>
        )}
        {issue.round > 1 && <span className="text-ink-3"> · round {issue.round}</span>}
        {issue.cycle > 1 && <span className="text-ink-3"> · cycle {issue.cycle}</span>}
      </span>
    </Fact>
  );
}

function Commits({ issue }: { issue: Issue }) {
  return (
    <>
      {issue.headOid && (
        <Fact name="Head">
          <CopyButton
            text={issue.headOid}
            label="Copy commit"
            shown={issue.headOid.slice(0, 12)}
            className="-ml-1"
          />
        </Fact>
      )}
      {issue.landedOid && (
        <Fact name="Landed">
          <span className="inline-flex flex-wrap items-center gap-1">
            {issue.landedOn && <code>{branchOf(issue.landedOn)}</code>}
            <CopyButton
              text={issue.landedOid}
              label="Copy merge commit"
              shown={issue.landedOid.slice(0, 12)}
            />
          </span>
        </Fact>
      )}
    </>
  );
}

/** Of the molecule that it is a step of. */
function StepsPart({ issue }: { issue: Issue }) {
  const molecule = useImages(`bead:${issue.id}`, "molecule")[0];
  if (!molecule) return null;
  return (
    <Part
      title="Steps"
      count={molecule.steps.length}
      action={
        <RefLink id={molecule.id} className="text-xs text-ink-3 hover:underline">
          {molecule.title}
        </RefLink>
      }
    >
      <MoleculeSteps molecule={molecule} here={issue.id} />
    </Part>
  );
}

function Relations({ issue, related }: { issue: Issue; related: Issue[] }) {
  const convoy = useImage("convoy", issue.convoyId);
  const before = issue.blockedBy;
  const after = related.filter((other) => other.blockedBy.includes(issue.id));
  // A molecule is shown with its steps.
  const known = issue.parentId === issue.convoyId || issue.parentId?.startsWith("mo_") === true;
  const parent = known ? null : issue.parentId;
  const children = related.filter((other) => other.parentId === issue.id);
  if (!issue.convoyId && before.length + after.length + children.length === 0 && !parent)
    return null;
  return (
    <Part title="Relations">
      <div className="space-y-2.5">
        {issue.convoyId && (
          <p className="text-sm">
            <span className="text-ink-3">Part of </span>
            <RefLink id={issue.convoyId} className="font-medium hover:underline">
              {convoy?.title ?? "a convoy"}
            </RefLink>
          </p>
        )}
        {parent && <Group title="Part of" ids={[parent]} />}
        <Group title="Comes after" ids={before} />
        <Group title="Comes before" ids={after.map((other) => other.id)} />
        <Group title="Its parts" ids={children.map((other) => other.id)} />
      </div>
    </Part>
  );
}

function Group({ title, ids }: { title: string; ids: readonly string[] }) {
  if (ids.length === 0) return null;
  return (
    <div>
      <p className="mb-1 text-xs text-ink-3">{title}</p>
      <Rows>
        {ids.map((id) => (
          <RelatedRow key={id} id={id} />
        ))}
      </Rows>
    </div>
  );
}

function RelatedRow({ id }: { id: string }) {
  const issue = useImage("issue", id);
  return issue ? (
    <IssueRow issue={issue} showRig={false} />
  ) : (
    <span className="flex h-9 items-center px-3">
      <IdLink id={id} />
    </span>
  );
}
