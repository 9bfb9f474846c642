/** A convoy in a drawer: progress and beads; its graph has a page of its own. */
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useImage, useImages } from "../lib/town.tsx";
import { progressOf } from "../model/board.ts";
import { IssueRow } from "../parts/issue-row.tsx";
import { IdLink } from "../shell/ref-link.tsx";
import { Age } from "../ui/age.tsx";
import { ProgressBar } from "../ui/bar.tsx";
import { Fact, Facts } from "../ui/card.tsx";
import { StateChip } from "../ui/state-mark.tsx";
import { actorOf } from "../words/history.ts";
import { convoyLook } from "../words/states.ts";
import { Part, RawRecord, Rows, TopicFrame } from "./sections.tsx";

export function ConvoyDrawer({ id }: { id: string }) {
  const topic = `convoy:${id}` as const;
  const held = useImages(topic, "convoy").find((image) => image.id === id);
  const known = useImage("convoy", id);
  const convoy = held ?? known;
  const all = useImages(topic, "issue");
  const rig = useImage("rig", convoy?.rigId ?? null);
  const issues = useMemo(
    () => all.filter((issue) => issue.convoyId === id).sort((a, b) => (a.id < b.id ? -1 : 1)),
    [all, id],
  );
  const progress = progressOf(issues);
  const by = actorOf(convoy?.createdBy ?? "");
  return (
    <TopicFrame topic={topic} found={convoy !== undefined}>
      {convoy && (
        <>
          <div className="px-4 py-4">
            <h2 className="text-lg font-semibold leading-[22px] [overflow-wrap:anywhere]">
              {convoy.title}
            </h2>
            <div className="mt-2 flex items-center gap-3 text-sm">
              <StateChip look={convoyLook(convoy.state)} />
              <span className="num text-ink-3">
                {progress.landed} of {progress.total} landed
              </span>
              <Link
                to={`/convoys/${convoy.id}`}
                search={{}}
                className="ml-auto rounded-md border border-line-strong px-2 py-0.5 text-xs hover:bg-raised"
              >
                Open the graph
              </Link>
            </div>
            <div className="mt-3">
              <ProgressBar progress={progress} />
            </div>
            {convoy.failure && (
              <p className="mt-3 rounded-md border border-line bg-canvas px-3 py-2 text-sm">
                {convoy.failure.message}
              </p>
            )}
          </div>
          <Part title="Beads" count={issues.length}>
            <Rows>
              {issues.map((issue) => (
                <IssueRow key={issue.id} issue={issue} showRig={false} />
              ))}
            </Rows>
          </Part>
          <Part title="Facts">
            <Facts>
              {rig && <Fact name="Rig">{rig.name}</Fact>}
              <Fact name="Slung">
                <Age at={convoy.createdAt} form="ago" /> by{" "}
                {by.id ? <IdLink id={by.id} copy={false} /> : by.label}
              </Fact>
              {convoy.landedAt !== null && (
                <Fact name="Landed">
                  <Age at={convoy.landedAt} form="ago" />
                </Fact>
              )}
            </Facts>
          </Part>
          <RawRecord value={convoy} />
        </>
      )}
    </TopicFrame>
  );
}
