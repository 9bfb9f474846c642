/** A tool call in one line that opens to its arguments and result. */
import { ChevronRight, CircleAlert, Loader2, Wrench } from "lucide-react";
import { pretty, stepSummary } from "../model/chat.ts";
import { duration } from "../words/age.ts";

interface StepProps {
  tool: string;
  args: string;
  result: string | null;
  state: "running" | "completed" | "failed";
  durationMs?: number | null;
}

export function Step({ tool, args, result, state, durationMs = null }: StepProps) {
  const { verb, subject } = stepSummary(tool, args);
  const Icon = state === "running" ? Loader2 : state === "failed" ? CircleAlert : Wrench;
  return (
    <details className="group rounded-md border border-line bg-panel open:bg-canvas">
      <summary className="flex h-8 list-none items-center gap-2 px-2.5 text-sm text-ink-2 hover:text-ink">
        <Icon
          size={14}
          strokeWidth={1.5}
          aria-label={state}
          role="img"
          className={
            state === "running"
              ? "shrink-0 animate-spin text-s-progress"
              : state === "failed"
                ? "shrink-0 text-s-failed"
                : "shrink-0 text-ink-3"
          }
        />
        <span className="shrink-0 font-medium">{verb}</span>
        <span className="mono min-w-0 flex-1 truncate text-ink-3">{subject}</span>
        {durationMs !== null && (
          <span className="num shrink-0 text-xs text-ink-3">{duration(durationMs)}</span>
        )}
        <ChevronRight
          size={14}
          strokeWidth={1.5}
          aria-hidden
          className="shrink-0 text-ink-3 transition-transform duration-120 group-open:rotate-90"
        />
      </summary>
      <div className="space-y-2 border-t border-line px-2.5 py-2">
        <Output label={`Arguments of ${tool}`} text={pretty(args)} />
        {result !== null && <Output label="Result" text={pretty(result)} />}
      </div>
    </details>
  );
}

/** What a program or an agent wrote, framed as theirs. */
export function Output({
  label,
  text,
  tall = false,
}: {
  label: string;
  text: string;
  tall?: boolean;
}) {
  return (
    <div>
      <p className="mb-1 text-xs text-ink-3">{label}</p>
      <pre
        tabIndex={0}
        role="region"
        aria-label={label}
        className={`overflow-auto whitespace-pre-wrap rounded-md border border-line bg-canvas px-2.5 py-2 leading-[17px] text-ink-2 [overflow-wrap:anywhere] ${tall ? "max-h-[420px]" : "max-h-60"}`}
      >
        {text === "" ? "(nothing)" : text}
      </pre>
    </div>
  );
}
