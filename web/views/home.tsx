/** Home: is anything wrong, what needs me, what landed, what goes on, what did it cost. */
import { Link } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import { useNow } from "../lib/now.ts";
import { useImages, useTown } from "../lib/town.tsx";
import { ConvoyRow } from "../parts/convoy-row.tsx";
import { IssueRow } from "../parts/issue-row.tsx";
import { LiveRun } from "../parts/live-run.tsx";
import { NeedRow } from "../parts/need-row.tsx";
import { useFrameReady, useNeeds, useRunsAtWork } from "../shell/town-facts.tsx";
import { Page, Section } from "../ui/card.tsx";
import { cx } from "../ui/class-names.ts";
import { Empty, SkeletonRows } from "../ui/feedback.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { compact, count, spent, tokensOf } from "../words/figures.ts";

const LANDED_SHOWN = 12;
const DAY_MS = 86_400_000;

export function HomeView() {
  const ready = useFrameReady();
  return (
    <Page title="Home" size="wide">
      <Figures ready={ready} />
      <div className="grid gap-x-6 gap-y-7 @4xl/page:grid-cols-[minmax(0,1fr)_minmax(320px,400px)]">
        <div className="space-y-7">
          <NeedsYou ready={ready} />
          <Landed ready={ready} />
        </div>
        <div className="space-y-7">
          <NowRunning ready={ready} />
          <ConvoysUnderWay />
        </div>
      </div>
    </Page>
  );
}

function Figures({ ready }: { ready: boolean }) {
  const needs = useNeeds().length;
  const runs = useRunsAtWork();
  const issues = useImages("board", "issue");
  const town = useTown();
  const now = useNow(60_000);
  const landed = issues.filter(
    (issue) => issue.outcome === "landed" && (issue.closedAt ?? 0) > now - DAY_MS,
  ).length;
  const review = issues.filter((issue) => issue.status === "in_review").length;
  const waiting = issues.filter((issue) => issue.status === "open").length;
  const usage = town?.usage;
  return (
    <dl
      aria-label="The town in figures"
      className="mb-7 grid grid-cols-3 gap-px overflow-hidden rounded-lg border border-line bg-line max-sm:mb-5 @4xl/page:grid-cols-6"
    >
      <Figure
        name="Need you"
        value={ready ? needs : "–"}
        tone={ready && needs > 0 ? "text-lamp-ink" : undefined}
      />
      <Figure name="Runs at work" value={ready ? runs.length : "–"} />
      <Figure name="Waiting" value={ready ? waiting : "–"} />
      <Figure name="In review" value={ready ? review : "–"} />
      <Figure name="Landed in 24 h" value={ready ? landed : "–"} />
      <Figure
        name="Spent"
        value={usage ? spent(usage) : "–"}
        note={usage ? `${compact(tokensOf(usage))} tokens` : undefined}
      />
    </dl>
  );
}

function Figure({
  name,
  value,
  tone,
  note,
}: {
  name: string;
  value: ReactNode;
  tone?: string | undefined;
  note?: string | undefined;
}) {
  return (
    <div className="flex flex-col-reverse justify-end bg-panel px-4 py-3 max-sm:px-3 max-sm:py-2">
      <dt className="text-xs text-ink-3">
        {name}
        {note && <span className="num max-sm:hidden"> · {note}</span>}
      </dt>
      <dd className={cx("num text-2xl font-semibold tracking-[-0.02em] max-sm:text-xl", tone)}>
        {value}
      </dd>
    </div>
  );
}

function NeedsYou({ ready }: { ready: boolean }) {
  const needs = useNeeds();
  return (
    <Section title="Needs you" count={needs.length || undefined}>
      {!ready ? (
        <SkeletonRows rows={2} />
      ) : needs.length === 0 ? (
        <p className="flex items-center gap-2.5 px-3 py-3 text-sm text-ink-2">
          <StateMark look={{ hue: "landed", shape: "check", label: "All well" }} silent />
          Nothing needs you.
        </p>
      ) : (
        <ul className="divide-y divide-line">
          {needs.map((need) => (
            <NeedRow key={need.key} need={need} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Landed({ ready }: { ready: boolean }) {
  const issues = useImages("board", "issue");
  const rigs = useImages("town", "rig");
  const landed = useMemo(
    () =>
      issues
        .filter((issue) => issue.outcome === "landed")
        .sort((a, b) => (b.closedAt ?? 0) - (a.closedAt ?? 0)),
    [issues],
  );
  return (
    <Section
      title="Landed"
      count={landed.length || undefined}
      action={
        landed.length > LANDED_SHOWN && (
          <Link to="/board" search={{}} className="text-xs text-ink-3 hover:text-ink">
            All on the board
          </Link>
        )
      }
    >
      {!ready ? (
        <SkeletonRows />
      ) : landed.length === 0 ? (
        <FirstSteps hasRig={rigs.length > 0} hasBeads={issues.length > 0} />
      ) : (
        <div className="divide-y divide-line">
          {landed.slice(0, LANDED_SHOWN).map((issue) => (
            <IssueRow key={issue.id} issue={issue} />
          ))}
        </div>
      )}
    </Section>
  );
}

function FirstSteps({ hasRig, hasBeads }: { hasRig: boolean; hasBeads: boolean }) {
  if (hasBeads) {
    return (
      <p className="px-3 py-3 text-sm text-ink-3">
        Nothing has landed yet. What passes its gates and review lands here.
      </p>
    );
  }
  const main =
    "inline-flex h-8 items-center rounded-md bg-lamp px-3 text-sm font-medium text-on-lamp hover:brightness-105";
  return hasRig ? (
    <Empty
      title="Nothing has landed yet"
      action={
        <Link to="/mayor" search={{}} className={main}>
          Talk to the Mayor
        </Link>
      }
    >
      Tell the Mayor what you wish for. It cuts the wish into beads, agents build them, and what
      passes gates and review lands here.
    </Empty>
  ) : (
    <Empty
      title="Begin with a repository"
      action={
        <Link to="/rigs/new" search={{}} className={main}>
          Add a rig
        </Link>
      }
    >
      A rig is a repository that agents may work on. Its own checks run once first, so that you know
      where you start.
    </Empty>
  );
}

function NowRunning({ ready }: { ready: boolean }) {
  const live = useRunsAtWork();
  return (
    <Section title="Now" count={live.length || undefined}>
      {!ready ? (
        <SkeletonRows rows={2} />
      ) : live.length === 0 ? (
        <p className="px-3 py-3 text-sm text-ink-3">No agent is at work.</p>
      ) : (
        <div className="divide-y divide-line">
          {live.map((run) => (
            <LiveRun key={run.id} run={run} />
          ))}
        </div>
      )}
    </Section>
  );
}

function ConvoysUnderWay() {
  const convoys = useImages("convoys", "convoy");
  const active = convoys.filter((convoy) => convoy.state === "active");
  if (active.length === 0) return null;
  return (
    <Section
      title="Convoys"
      count={active.length}
      action={<span className="sr-only">{count(active.length, "convoy")} under way</span>}
    >
      <div className="divide-y divide-line">
        {active.map((convoy) => (
          <ConvoyRow key={convoy.id} convoy={convoy} />
        ))}
      </div>
    </Section>
  );
}
