/** One entry of the conversation: what a person said, what the Mayor did and said, or a notice. */
import { Crown } from "lucide-react";
import type { AgentEvent, ChatEntry } from "../../protocol/index.ts";
import { type RunLog, turnText } from "../lib/run-log.ts";
import { continuedLine, deliveryWord, withoutBareHeadings } from "../model/chat.ts";
import { Linked, RefLink } from "../shell/ref-link.tsx";
import { Age } from "../ui/age.tsx";
import { Markdown } from "../ui/markdown.tsx";
import { BeadCard } from "./bead-card.tsx";
import { Step } from "../parts/step.tsx";

export function ChatItem({ entry, log }: { entry: ChatEntry; log: RunLog | null }) {
  if (entry.kind === "person") return <PersonItem entry={entry} />;
  if (entry.kind === "notice") {
    return (
      <p className="mx-auto max-w-[560px] text-center text-xs text-ink-3">
        <Linked text={entry.text} /> · <Age at={entry.at} form="ago" />
      </p>
    );
  }
  return <MayorItem entry={entry} log={log} />;
}

function PersonItem({ entry }: { entry: ChatEntry }) {
  const word = entry.wait ? `Not begun: ${entry.wait.text}` : deliveryWord(entry.state);
  return (
    <article aria-label="You" className="ml-auto max-w-[85%]">
      <div className="rounded-lg rounded-br-sm bg-pressed px-3.5 py-2.5">
        <p className="whitespace-pre-wrap text-base [overflow-wrap:anywhere]">{entry.text}</p>
      </div>
      <p className="mt-1 text-right text-xs text-ink-3">
        {word && <span>{word} · </span>}
        <Age at={entry.at} form="ago" />
      </p>
    </article>
  );
}

type ToolBody = Extract<AgentEvent["body"], { kind: "tool" }>;

function liveSteps(log: RunLog, turnId: string): ToolBody[] {
  return log.entries.flatMap(({ turnId: of, body }) =>
    of === turnId && body.kind === "tool" ? [body] : [],
  );
}

function MayorItem({ entry, log }: { entry: ChatEntry; log: RunLog | null }) {
  // A turn that waits says so at the message that began it.
  if (entry.state === "queued" && entry.text === "") return null;
  const growing = entry.state === "streaming";
  const continued = continuedLine(entry.continued);
  const streamed = log && entry.turnId ? turnText(log, entry.turnId) : "";
  const text = withoutBareHeadings(
    growing && streamed.length > entry.text.length ? streamed : entry.text,
  );
  const live = log && entry.turnId ? liveSteps(log, entry.turnId) : [];
  return (
    <article aria-label="Mayor" aria-busy={growing} className="flex gap-3">
      <span className="mt-0.5 flex size-7 shrink-0 items-center justify-center rounded-md bg-lamp-soft text-lamp-ink max-sm:hidden">
        <Crown size={16} strokeWidth={1.5} aria-hidden />
      </span>
      <div className="min-w-0 flex-1 space-y-2.5">
        <p className="flex items-baseline gap-2 text-xs text-ink-3">
          <span className="text-sm font-semibold text-ink">Mayor</span>
          <Age at={entry.at} form="ago" />
          {entry.runId && (
            <RefLink id={entry.runId} className="hover:text-ink hover:underline">
              log
            </RefLink>
          )}
        </p>
        {continued && <p className="text-xs text-ink-3">{continued}</p>}
        {live.length > entry.steps.length
          ? live.map((body) => (
              <Step
                key={body.partId}
                tool={body.tool}
                args={body.arguments}
                result={body.result}
                state={body.state}
                durationMs={body.durationMs}
              />
            ))
          : entry.steps.map((step, index) => (
              <Step
                key={index}
                tool={step.tool}
                args={step.arguments}
                result={step.result}
                state={step.ok === null ? "running" : step.ok ? "completed" : "failed"}
              />
            ))}
        {text !== "" && <Markdown text={text} growing={growing} />}
        {growing && <Thinking quiet={text !== ""} />}
        {entry.beads.length > 0 && (
          <div className="space-y-1.5">
            {[...new Set(entry.beads)].map((id) => (
              <BeadCard key={id} id={id} />
            ))}
          </div>
        )}
        {entry.state === "interrupted" && (
          <p className="text-sm text-ink-3">Interrupted{entry.note ? `: ${entry.note}` : "."}</p>
        )}
        {entry.state === "failed" && (
          <p role="alert" className="text-sm text-s-failed">
            {entry.note ?? "This turn failed."}
          </p>
        )}
      </div>
    </article>
  );
}

function Thinking({ quiet }: { quiet: boolean }) {
  return (
    <p className="flex items-center gap-2 text-sm text-ink-3">
      <span aria-hidden className="skeleton size-2 rounded-full bg-lamp" />
      {quiet ? <span className="sr-only">The Mayor goes on</span> : "The Mayor is thinking"}
    </p>
  );
}
