/** A rig: whether it can be worked on and why not, its baseline, its settings, its beads. */
import { Link, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Rig } from "../../protocol/index.ts";
import { shortId } from "../../protocol/index.ts";
import { useNow } from "../lib/now.ts";
import { useCommand, useImages, useTopic } from "../lib/town.tsx";
import { GateList } from "../parts/gates.tsx";
import { useWhy, Why } from "../parts/why-part.tsx";
import { DeleteRig, Deleting } from "../rigs/delete-rig.tsx";
import { Isolation } from "../rigs/isolation.tsx";
import { IssueRow } from "../parts/issue-row.tsx";
import { RigCredential } from "../rigs/rig-credential.tsx";
import { RigEnvironmentPart } from "../rigs/rig-environment.tsx";
import { RigSettings } from "../rigs/rig-settings.tsx";
import { Age } from "../ui/age.tsx";
import { Button } from "../ui/button.tsx";
import { Page, Section } from "../ui/card.tsx";
import { CopyButton } from "../ui/copy.tsx";
import { Problem, Refusal, SkeletonRows } from "../ui/feedback.tsx";
import { StateChip } from "../ui/state-mark.tsx";
import { rigLook } from "../words/states.ts";

export function RigView() {
  const { id = "" } = useParams({ strict: false });
  const { ready } = useTopic("town");
  const rig = useImages("town", "rig").find((known) => known.id === id);
  if (!ready)
    return (
      <Page title="Rig">
        <SkeletonRows rows={6} />
      </Page>
    );
  if (!rig)
    return (
      <Page title="Rig">
        <Problem>
          There is no rig with this id. If it was deleted, it is in the trash, in the{" "}
          <Link to="/settings" search={{}} className="underline">
            settings
          </Link>
          .
        </Problem>
      </Page>
    );
  return <RigBody key={rig.id} rig={rig} />;
}

function RigBody({ rig }: { rig: Rig }) {
  const recheck = useCommand("rig.recheck");
  return (
    <Page
      title={rig.name}
      note={<CopyButton text={rig.id} label="Copy id" shown={shortId(rig.id)} />}
      aside={
        <>
          <StateChip look={rigLook(rig)} />
          <Button
            sent={recheck.state.phase === "sent" || rig.state === "checking"}
            onClick={() => void recheck.run({ rig: rig.id })}
          >
            Check again
          </Button>
        </>
      }
    >
      <div className="space-y-7">
        <div className="space-y-3">
          <p className="flex items-center gap-2 text-sm text-ink-2">
            <CopyButton
              text={rig.remote}
              label="Copy the repository's address"
              shown={rig.remote}
              className="-ml-1"
            />
            <span className="text-ink-3">into</span> <code>{rig.target}</code>
          </p>
          {recheck.state.phase === "refused" && <Refusal error={recheck.state.error} />}
          {rig.parked && (
            <Problem>
              <span className="font-medium">Parked: nothing is dispatched.</span>{" "}
              {rig.parked.message} <span className="mono text-ink-3">{rig.parked.code}</span>
            </Problem>
          )}
          <Standing rig={rig} />
          <Deleting rig={rig} />
          <Isolation rig={rig} />
        </div>
        <Baseline rig={rig} />
        <RigSettings rig={rig} />
        <RigCredential rig={rig} />
        <RigEnvironmentPart rig={rig} />
        <Beads rig={rig} />
        <DeleteRig rig={rig} />
      </div>
    </Page>
  );
}

function Baseline({ rig }: { rig: Rig }) {
  const { baseline } = rig;
  return (
    <Section
      title="Baseline"
      action={
        baseline && (
          <span className="flex items-center gap-2 text-xs text-ink-3">
            <CopyButton text={baseline.oid} label="Copy commit" shown={baseline.oid.slice(0, 10)} />
            <Age at={baseline.at} form="ago" />
          </span>
        )
      }
    >
      <div className="p-3">
        {baseline ? (
          <>
            <p className="mb-2 text-sm text-ink-2">
              {baseline.ok
                ? "The target branch is green by its own gates."
                : "The target branch is red by its own gates. Agents would be blamed for what was broken before them: fix it, or change the gates, then check again."}
            </p>
            <GateList gates={baseline.gates} />
          </>
        ) : (
          <p className="text-sm text-ink-3">It has not run yet.</p>
        )}
      </div>
    </Section>
  );
}

/** What keeps agents from it. That changes with runs, runners and pauses: it is asked for every few seconds. */
function Standing({ rig }: { rig: Rig }) {
  const runners = useImages("town", "runner");
  const stamp = JSON.stringify([useNow(ASK_EVERY_MS), rig, runners.map(({ state }) => state)]);
  const answer = useWhy({ of: "rig", id: rig.id, stamp });
  if (answer?.ok !== true || rig.parked !== null || rig.deletion !== null) return null;
  if (rig.state === "ready" && answer.value.reasons.length === 0) return null;
  return <Why explanation={answer.value} />;
}

const ASK_EVERY_MS = 5_000;
const BEADS_SHOWN = 20;

function Beads({ rig }: { rig: Rig }) {
  const all = useImages("board", "issue");
  const issues = useMemo(
    () => all.filter((issue) => issue.rigId === rig.id).sort((a, b) => b.updatedAt - a.updatedAt),
    [all, rig.id],
  );
  if (issues.length === 0) return null;
  return (
    <Section
      title="Beads"
      count={issues.length}
      action={
        <Link to="/board" search={{ rig: [rig.id] }} className="text-xs text-ink-3 hover:text-ink">
          On the board
        </Link>
      }
    >
      <div className="divide-y divide-line">
        {issues.slice(0, BEADS_SHOWN).map((issue) => (
          <IssueRow key={issue.id} issue={issue} showRig={false} />
        ))}
      </div>
    </Section>
  );
}
