/** Convoys: what was wished for as a whole, and how far each is. */
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Convoy } from "../../protocol/index.ts";
import { useImage, useImages, useTopic, useTopicProblem } from "../lib/town.tsx";
import { progressOf } from "../model/board.ts";
import { Age } from "../ui/age.tsx";
import { ProgressBar } from "../ui/bar.tsx";
import { Page, Section } from "../ui/card.tsx";
import { Empty, Problem, SkeletonRows } from "../ui/feedback.tsx";
import { StateChip } from "../ui/state-mark.tsx";
import { convoyLook } from "../words/states.ts";

export function ConvoysView() {
  const { ready } = useTopic("convoys");
  const problem = useTopicProblem("convoys");
  const convoys = useImages("convoys", "convoy");
  const [active, ended] = useMemo(() => {
    const sorted = [...convoys].sort((a, b) => b.createdAt - a.createdAt);
    return [
      sorted.filter((convoy) => convoy.state === "active"),
      sorted.filter((convoy) => convoy.state !== "active"),
    ];
  }, [convoys]);
  return (
    <Page title="Convoys">
      {problem && <Problem>{problem}</Problem>}
      {!ready && !problem && <SkeletonRows />}
      {ready && convoys.length === 0 && (
        <div className="rounded-lg border border-line bg-panel">
          <Empty
            title="No convoy yet"
            action={
              <Link
                to="/mayor"
                search={{}}
                className="inline-flex h-8 items-center rounded-md bg-lamp px-3 text-sm font-medium text-on-lamp hover:brightness-105"
              >
                Talk to the Mayor
              </Link>
            }
          >
            A convoy is a wish cut into beads that wait for one another. Tell the Mayor something
            larger than one change.
          </Empty>
        </div>
      )}
      <div className="space-y-7">
        {active.length > 0 && <List title="Under way" convoys={active} />}
        {ended.length > 0 && <List title="Ended" convoys={ended} />}
      </div>
    </Page>
  );
}

function List({ title, convoys }: { title: string; convoys: Convoy[] }) {
  return (
    <Section title={title} count={convoys.length}>
      <ul className="divide-y divide-line">
        {convoys.map((convoy) => (
          <Row key={convoy.id} convoy={convoy} />
        ))}
      </ul>
    </Section>
  );
}

function Row({ convoy }: { convoy: Convoy }) {
  const issues = useImages("board", "issue");
  const rig = useImage("rig", convoy.rigId);
  const progress = useMemo(
    () => progressOf(issues.filter((issue) => issue.convoyId === convoy.id)),
    [issues, convoy.id],
  );
  return (
    <li>
      <Link
        to={`/convoys/${convoy.id}`}
        search={{}}
        data-row=""
        className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1.5 px-3 py-2.5 hover:bg-raised focus-visible:-outline-offset-2 @2xl:grid-cols-[132px_minmax(0,1fr)_160px_56px]"
      >
        <StateChip
          look={convoyLook(convoy.state)}
          className="@max-2xl:order-2 @max-2xl:justify-self-end"
        />
        <span className="min-w-0">
          <span className="block truncate text-sm font-medium">{convoy.title}</span>
          <span className="block truncate text-xs text-ink-3">
            {convoy.failure?.message ?? rig?.name ?? ""}
          </span>
        </span>
        <span className="flex items-center gap-2 @max-2xl:order-3">
          <ProgressBar progress={progress} />
          <span className="num shrink-0 text-xs text-ink-2">
            {progress.landed + progress.closed}/{progress.total}
          </span>
        </span>
        <Age
          at={convoy.landedAt ?? convoy.createdAt}
          className="text-right text-xs text-ink-3 @max-2xl:order-4"
        />
      </Link>
    </li>
  );
}
