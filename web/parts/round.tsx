/** One round of a review: what was handed in, what the gates said, what the reviewer said. */
import type { Round } from "../../protocol/index.ts";
import { IdLink } from "../shell/ref-link.tsx";
import { Age } from "../ui/age.tsx";
import { CopyButton } from "../ui/copy.tsx";
import { Markdown } from "../ui/markdown.tsx";
import { StateChip } from "../ui/state-mark.tsx";
import { redGates, verdictWords } from "../words/states.ts";
import { GateList } from "./gates.tsx";

export function RoundCard({ round }: { round: Round }) {
  return (
    <article
      aria-label={`Round ${round.round}`}
      className="space-y-2.5 rounded-md border border-line bg-canvas p-3"
    >
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <h4 className="font-medium">Round {round.round}</h4>
        {round.verdict ? (
          <StateChip look={verdictWords[round.verdict]} />
        ) : round.gates.some((gate) => !gate.ok) ? (
          <StateChip look={redGates} />
        ) : (
          <span className="text-ink-3">no verdict yet</span>
        )}
        <span className="ml-auto inline-flex items-center gap-1 text-xs text-ink-3">
          <CopyButton text={round.headOid} label="Copy commit" shown={round.headOid.slice(0, 8)} />
          <Age at={round.at} form="ago" />
        </span>
      </header>
      {round.summary !== "" && (
        <div className="text-ink-2">
          <Markdown text={round.summary} />
        </div>
      )}
      {round.gates.length > 0 && <GateList gates={round.gates} />}
      {round.feedback && (
        <blockquote className="border-l-2 border-line-strong pl-3 text-ink-2">
          <Markdown text={round.feedback} />
        </blockquote>
      )}
      {round.comments.length > 0 && (
        <ul className="space-y-2">
          {round.comments.map((comment, index) => (
            <li key={index} className="rounded-md border border-line bg-panel px-2.5 py-2 text-sm">
              <p className="mono text-ink-3 [overflow-wrap:anywhere]">
                {comment.file}
                {comment.line > 0 && `:${comment.line}`}
              </p>
              <p className="mt-0.5 whitespace-pre-wrap [overflow-wrap:anywhere]">{comment.body}</p>
            </li>
          ))}
        </ul>
      )}
      {(round.authorRunId || round.reviewerRunId) && (
        <p className="flex flex-wrap gap-x-3 text-xs text-ink-3">
          {round.authorRunId && (
            <span>
              written in <IdLink id={round.authorRunId} copy={false} />
            </span>
          )}
          {round.reviewerRunId && (
            <span>
              reviewed in <IdLink id={round.reviewerRunId} copy={false} />
            </span>
          )}
        </p>
      )}
    </article>
  );
}
