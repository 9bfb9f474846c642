/** One convoy: its beads in waves, then as a list. */
import { Link, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { useImages, useTopic, useTopicProblem } from "../lib/town.tsx";
import { progressOf, type Progress as Tally } from "../model/board.ts";
import { IssueRow } from "../parts/issue-row.tsx";
import { Age } from "../ui/age.tsx";
import { ProgressBar } from "../ui/bar.tsx";
import { Page, Section } from "../ui/card.tsx";
import { CopyButton } from "../ui/copy.tsx";
import { Problem, SkeletonRows } from "../ui/feedback.tsx";
import { StateChip } from "../ui/state-mark.tsx";
import { type Convoy, shortId } from "../../protocol/index.ts";
import { convoyLook } from "../words/states.ts";

const ConvoyMap = lazy(() =>
  import("../parts/convoy-map.tsx").then((module) => ({ default: module.ConvoyMap })),
);

export function ConvoyView() {
  const { id = "" } = useParams({ strict: false });
  const topic = `convoy:${id}` as const;
  const { ready } = useTopic(topic);
  const problem = useTopicProblem(topic);
  const convoy = useImages(topic, "convoy")[0];
  const all = useImages(topic, "issue");
  const issues = useMemo(
    () => all.filter((issue) => issue.convoyId === id).sort((a, b) => (a.id < b.id ? -1 : 1)),
    [all, id],
  );
  const progress = useMemo(() => progressOf(issues), [issues]);
  if (!convoy) return <NoConvoy ready={ready} problem={problem} />;
  return (
    <Page
      size="wide"
      title={convoy.title}
      note={<CopyButton text={convoy.id} label="Copy id" shown={shortId(convoy.id)} />}
      aside={<StateChip look={convoyLook(convoy.state)} />}
    >
      <Progress convoy={convoy} progress={progress} />
      {convoy.failure && (
        <div className="mb-5">
          <Problem>{convoy.failure.message}</Problem>
        </div>
      )}
      <div className="mb-7 overflow-hidden rounded-lg border border-line bg-canvas">
        <Suspense fallback={<div className="skeleton m-4 h-64" />}>
          <ConvoyMap issues={issues} />
        </Suspense>
      </div>
      <Section title="Beads" count={issues.length}>
        <div className="divide-y divide-line">
          {issues.map((issue) => (
            <IssueRow key={issue.id} issue={issue} showRig={false} />
          ))}
        </div>
      </Section>
    </Page>
  );
}

function NoConvoy({ ready, problem }: { ready: boolean; problem: string | null }) {
  return (
    <Page title="Convoy">
      {!ready && !problem ? (
        <SkeletonRows rows={6} />
      ) : (
        <Problem>
          {problem ?? "There is no convoy with this id."}{" "}
          <Link to="/convoys" search={{}} className="underline">
            All convoys
          </Link>
        </Problem>
      )}
    </Page>
  );
}

function Progress({ convoy, progress }: { convoy: Convoy; progress: Tally }) {
  return (
    <div className="mb-5 flex flex-wrap items-center gap-x-4 gap-y-2 text-sm text-ink-2">
      <span className="w-56">
        <ProgressBar progress={progress} />
      </span>
      <span className="num">
        {progress.landed} of {progress.total} landed
      </span>
      {progress.failed > 0 && <span className="num text-s-failed">{progress.failed} failed</span>}
      <span className="text-ink-3">
        slung <Age at={convoy.createdAt} form="ago" />
      </span>
      {convoy.landedAt !== null && (
        <span className="text-ink-3">
          landed <Age at={convoy.landedAt} form="ago" />
        </span>
      )}
    </div>
  );
}
