/** The stream of a run as a log: phases, prompts, words, tools, gates. Follows its end while you are there. */
import { Check, Loader2, TriangleAlert, X } from "lucide-react";
import { useMemo } from "react";
import type { AgentEvent, AgentEventBody } from "../../protocol/index.ts";
import { withoutEchoes } from "../lib/run-log.ts";
import { useRunLog } from "../lib/town.tsx";
import { Age } from "../ui/age.tsx";
import { Problem, SkeletonRows } from "../ui/feedback.tsx";
import { Markdown } from "../ui/markdown.tsx";
import { duration } from "../words/age.ts";
import { Output, Step } from "./step.tsx";
import { Unseen } from "./unseen.tsx";
import { useStick } from "./use-stick.ts";

const QUIET: ReadonlySet<AgentEventBody["kind"]> = new Set(["usage"]);

export function RunStream({ runId, live }: { runId: string; live: boolean }) {
  const { log, problem } = useRunLog(runId);
  const entries = useMemo(
    () => withoutEchoes(log.entries).filter((entry) => !QUIET.has(entry.body.kind)),
    [log.entries],
  );
  const stick = useStick(entries.length, log.lastSeq);
  if (problem) return <Problem>{problem}</Problem>;
  if (!log.loaded) return <SkeletonRows rows={4} label="Loading the log" />;
  if (entries.length === 0)
    return (
      <p className="text-sm text-ink-3">{live ? "Nothing was said yet." : "It left no log."}</p>
    );
  return (
    <div className="relative">
      <div
        ref={stick.box}
        onScroll={stick.onScroll}
        tabIndex={0}
        role="log"
        aria-label="Log of the run"
        aria-live="off"
        className="max-h-[58vh] overflow-y-auto pr-1"
      >
        <div className="space-y-2">
          {entries.map((entry) => (
            <Entry key={entry.seq} entry={entry} />
          ))}
          {live && (
            <p className="flex items-center gap-2 py-1 text-xs text-ink-3">
              <Loader2 size={12} strokeWidth={1.5} aria-hidden className="animate-spin" /> under way
            </p>
          )}
        </div>
      </div>
      <Unseen amount={stick.unseen} onShow={stick.toEnd} />
    </div>
  );
}

function Entry({ entry }: { entry: AgentEvent }) {
  const { body } = entry;
  switch (body.kind) {
    case "phase":
      return (
        <p className="flex items-baseline gap-2 text-xs text-ink-3">
          <span className="font-medium text-ink-2">{body.phase}</span>
          <span className="min-w-0 flex-1 [overflow-wrap:anywhere]">{body.text}</span>
          <Age at={entry.at} />
        </p>
      );
    case "prompt":
      return <Prompt from={body.from} text={body.text} />;
    case "text":
      return body.text === "" ? null : <Markdown text={body.text} growing={!body.done} />;
    case "tool":
      return (
        <Step
          tool={body.tool}
          args={body.arguments}
          result={body.result}
          state={body.state}
          durationMs={body.durationMs}
        />
      );
    case "gate":
      return <GateEntry body={body} />;
    case "status":
      return <p className="border-l-2 border-lamp pl-2.5 text-sm font-medium">{body.text}</p>;
    case "notice":
      return (
        <p
          className={`flex items-start gap-2 text-sm [overflow-wrap:anywhere] ${body.level === "error" ? "text-s-failed" : "text-ink-2"}`}
        >
          {body.level !== "normal" && (
            <TriangleAlert
              size={14}
              strokeWidth={1.5}
              aria-label={body.level}
              role="img"
              className="mt-0.5 shrink-0 text-s-waiting"
            />
          )}
          {body.text}
        </p>
      );
    case "usage":
      return null;
  }
}

function Prompt({ from, text }: { from: "person" | "machine"; text: string }) {
  return (
    <details className="group rounded-md bg-raised px-2.5 py-1.5" open={text.length < 400}>
      <summary className="list-none text-xs font-medium text-ink-3 hover:text-ink">
        {from === "person" ? "A person asked" : "The town asked"}
      </summary>
      <p className="mt-1 whitespace-pre-wrap text-sm text-ink-2 [overflow-wrap:anywhere]">{text}</p>
    </details>
  );
}

function GateEntry({ body }: { body: Extract<AgentEventBody, { kind: "gate" }> }) {
  const Icon = body.state === "running" ? Loader2 : body.state === "green" ? Check : X;
  const tone =
    body.state === "running"
      ? "animate-spin text-s-progress"
      : body.state === "green"
        ? "text-s-landed"
        : "text-s-failed";
  return (
    <details className="group rounded-md border border-line" open={body.state === "red"}>
      <summary className="flex h-8 list-none items-center gap-2 px-2.5 text-sm">
        <Icon
          size={14}
          strokeWidth={2}
          role="img"
          aria-label={body.state}
          className={`shrink-0 ${tone}`}
        />
        <span className="flex-1 truncate">
          Gate <span className="font-medium">{body.name}</span>
        </span>
        {body.durationMs !== null && (
          <span className="num text-xs text-ink-3">{duration(body.durationMs)}</span>
        )}
      </summary>
      {body.log !== "" && (
        <div className="border-t border-line p-2.5">
          <Output label={`Output of ${body.name}`} text={body.log} tall />
        </div>
      )}
    </details>
  );
}
