/** The review queue: first what needs a person, then what moves by itself. */
import { useMemo } from "react";
import type { Review } from "../../protocol/index.ts";
import { useImage, useImages, useTopic, useTopicProblem } from "../lib/town.tsx";
import { GateDots } from "../parts/gates.tsx";
import { Decide } from "../parts/decide.tsx";
import { isSettled } from "../model/board.ts";
import { RefLink } from "../shell/ref-link.tsx";
import { Age } from "../ui/age.tsx";
import { Page, Section } from "../ui/card.tsx";
import { Empty, Problem, SkeletonRows } from "../ui/feedback.tsx";
import { StateChip } from "../ui/state-mark.tsx";
import { withShortIds } from "../words/history.ts";
import { reviewLook, verdictWords } from "../words/states.ts";

export function ReviewsView() {
  const { ready } = useTopic("reviews");
  const problem = useTopicProblem("reviews");
  const all = useImages("reviews", "review");
  const reviews = useMemo(() => all.filter((review) => !isSettled(review)), [all]);
  const [needed, moving] = useMemo(() => {
    const sorted = [...reviews].sort((a, b) => a.createdAt - b.createdAt);
    return [
      sorted.filter((review) => review.state === "needs_person"),
      sorted.filter((review) => review.state !== "needs_person"),
    ];
  }, [reviews]);
  return (
    <Page title="Reviews">
      {problem && <Problem>{problem}</Problem>}
      {!ready && !problem && <SkeletonRows />}
      {ready && reviews.length === 0 && (
        <div className="rounded-lg border border-line bg-panel">
          <Empty title="Nothing is in review">
            When a polecat hands in its work, the rig's gates run, a refinery reads the change, and
            what passes is merged. You see it here on its way, and when a reviewer cannot decide,
            you do.
          </Empty>
        </div>
      )}
      <div className="space-y-7">
        {needed.length > 0 && (
          <Section title="Needs you" count={needed.length}>
            <ul className="divide-y divide-line">
              {needed.map((review) => (
                <li key={review.id}>
                  <Row review={review} />
                  <div className="px-3 pb-3">
                    <Decide review={review} />
                  </div>
                </li>
              ))}
            </ul>
          </Section>
        )}
        {moving.length > 0 && (
          <Section title="Under way" count={moving.length}>
            <ul className="divide-y divide-line">
              {moving.map((review) => (
                <li key={review.id}>
                  <Row review={review} />
                </li>
              ))}
            </ul>
          </Section>
        )}
      </div>
    </Page>
  );
}

function Row({ review }: { review: Review }) {
  const round = review.rounds.at(-1);
  const rig = useImage("rig", review.rigId);
  const why = review.wait?.text ?? review.failure?.message;
  return (
    <RefLink
      row
      id={review.id}
      className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 px-3 py-2.5 hover:bg-raised focus-visible:-outline-offset-2 data-open:bg-raised @2xl:grid-cols-[150px_minmax(0,1fr)_auto_auto_56px]"
    >
      <StateChip
        look={reviewLook(review.state)}
        className="@max-2xl:order-2 @max-2xl:justify-self-end"
      />
      <span className="min-w-0">
        <span className="block truncate text-sm font-medium">{review.title}</span>
        <span className="block truncate text-xs text-ink-3">
          {why ? withShortIds(why) : rig?.name}
        </span>
      </span>
      <span className="@max-2xl:order-3">{round && <GateDots gates={round.gates} />}</span>
      <span className="num text-xs text-ink-3 @max-2xl:order-4 @max-2xl:justify-self-end">
        {round?.verdict ? verdictWords[round.verdict].label : "Round"}{" "}
        {round?.verdict ? "" : (round?.round ?? 1)}
        {round?.verdict && round.round > 1 ? ` · round ${round.round}` : ""}
      </span>
      <Age at={review.updatedAt} className="text-right text-xs text-ink-3 @max-2xl:hidden" />
    </RefLink>
  );
}
