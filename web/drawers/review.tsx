/** A review: its rounds, newest first, the proof of its landing, and the decision when a person must make it. */
import type { Proof, Review } from "../../protocol/index.ts";
import { useImage, useImages } from "../lib/town.tsx";
import { Decide } from "../parts/decide.tsx";
import { DiffPart } from "../parts/diff-part.tsx";
import { IssueRow } from "../parts/issue-row.tsx";
import { RoundCard } from "../parts/round.tsx";
import { RunRow } from "../parts/run-row.tsx";
import { Linked } from "../shell/ref-link.tsx";
import { Age } from "../ui/age.tsx";
import { Fact, Facts } from "../ui/card.tsx";
import { CopyButton } from "../ui/copy.tsx";
import { StateChip } from "../ui/state-mark.tsx";
import { branchOf } from "../words/history.ts";
import { reviewLook } from "../words/states.ts";
import { Part, RawRecord, Rows, TopicFrame } from "./sections.tsx";

export function ReviewDrawer({ id }: { id: string }) {
  const topic = `review:${id}` as const;
  const held = useImages(topic, "review").find((image) => image.id === id);
  const known = useImage("review", id);
  const review = held ?? known;
  return (
    <TopicFrame topic={topic} found={review !== undefined}>
      {review && <Body review={review} />}
    </TopicFrame>
  );
}

function Body({ review }: { review: Review }) {
  const issue = useImage("issue", review.subjectId);
  const runs = useImages(`review:${review.id}`, "run");
  const head = review.rounds.at(-1)?.headOid;
  return (
    <>
      <Head review={review} />
      {issue && (
        <Part title="Bead">
          <Rows>
            <IssueRow issue={issue} />
          </Rows>
        </Part>
      )}
      {review.proof && <ProofPart proof={review.proof} />}
      <Part title="Rounds" count={review.rounds.length}>
        <div className="space-y-3">
          {[...review.rounds].reverse().map((round) => (
            <RoundCard key={round.round} round={round} />
          ))}
        </div>
      </Part>
      {head && <DiffPart beadId={review.subjectId} headOid={head} />}
      {runs.length > 0 && (
        <Part title="Runs" count={runs.length}>
          <Rows>
            {[...runs]
              .sort((a, b) => b.offeredAt - a.offeredAt)
              .map((run) => (
                <RunRow key={run.id} run={run} />
              ))}
          </Rows>
        </Part>
      )}
      <RawRecord value={review} />
    </>
  );
}

function Head({ review }: { review: Review }) {
  return (
    <div className="px-4 py-4">
      <h2 className="text-lg font-semibold leading-[22px] [overflow-wrap:anywhere]">
        {review.title}
      </h2>
      <div className="mt-2 flex flex-wrap items-center gap-x-3 text-sm">
        <StateChip look={reviewLook(review.state)} />
        <span className="text-ink-3">
          changed <Age at={review.updatedAt} form="ago" />
        </span>
      </div>
      {review.wait && (
        <p className="mt-2 text-sm text-ink-2">
          <Linked text={review.wait.text} />
        </p>
      )}
      {review.failure && (
        <p className="mt-2 rounded-md border border-line bg-canvas px-3 py-2 text-sm">
          {review.failure.message}
        </p>
      )}
      {review.landingHint && (
        <div className="mt-3 rounded-md border border-line bg-lamp-soft px-3 py-2 text-sm">
          <p>
            The target is checked out with changes of yours. To have the landing in your files too:
          </p>
          <CopyButton
            text={review.landingHint}
            label="Copy the command"
            shown={review.landingHint}
            className="mt-1 -ml-1"
          />
        </div>
      )}
      {review.state === "needs_person" && (
        <div className="mt-3">
          <Decide review={review} />
        </div>
      )}
    </div>
  );
}

function ProofPart({ proof }: { proof: Proof }) {
  const oid = (name: string, value: string) => (
    <Fact name={name}>
      <CopyButton
        text={value}
        label={`Copy ${name.toLowerCase()}`}
        shown={value.slice(0, 16)}
        className="-ml-1"
      />
    </Fact>
  );
  return (
    <Part title="Proof of landing">
      <Facts>
        <Fact name="Method">{proof.method}</Fact>
        <Fact name="Branch">
          <code>{branchOf(proof.ref)}</code>
        </Fact>
        {oid("Source", proof.sourceOid)}
        {oid("Merge", proof.mergeOid)}
        {oid("Target", proof.targetOid)}
      </Facts>
    </Part>
  );
}
