/** Results of gates: as a short row, and in full with their logs. */
import { Check, ChevronRight, X } from "lucide-react";
import type { GateResult } from "../../protocol/index.ts";
import { duration } from "../words/age.ts";
import { Output } from "./step.tsx";

/** Each gate as a small mark with its name for hovering and readers. */
export function GateDots({ gates }: { gates: readonly GateResult[] }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      {gates.map((gate) => (
        <span
          key={gate.name}
          data-tip={`${gate.name}: ${gate.ok ? "green" : gate.timedOut ? "timed out" : "red"}, ${duration(gate.durationMs)}`}
          className={`inline-flex h-5 items-center gap-1 rounded-full border border-line px-1.5 text-xs ${gate.ok ? "text-s-landed" : "text-s-failed"}`}
        >
          {gate.ok ? (
            <Check size={12} strokeWidth={2} aria-label="green" role="img" />
          ) : (
            <X size={12} strokeWidth={2} aria-label="red" role="img" />
          )}
          {gate.name}
        </span>
      ))}
    </span>
  );
}

export function GateList({ gates }: { gates: readonly GateResult[] }) {
  if (gates.length === 0) return <p className="text-sm text-ink-3">No gates ran.</p>;
  return (
    <ul className="divide-y divide-line overflow-hidden rounded-md border border-line">
      {gates.map((gate) => (
        <li key={gate.name}>
          <details className="group" open={!gate.ok}>
            <summary className="flex h-8 list-none items-center gap-2 px-2.5 text-sm hover:bg-raised">
              {gate.ok ? (
                <Check
                  size={14}
                  strokeWidth={2}
                  role="img"
                  aria-label="green"
                  className="shrink-0 text-s-landed"
                />
              ) : (
                <X
                  size={14}
                  strokeWidth={2}
                  role="img"
                  aria-label="red"
                  className="shrink-0 text-s-failed"
                />
              )}
              <span className="font-medium">{gate.name}</span>
              <code className="min-w-0 flex-1 truncate text-ink-3">{gate.command}</code>
              {!gate.ok && (
                <span className="shrink-0 text-xs text-s-failed">
                  {gate.timedOut
                    ? "timed out"
                    : gate.code === null
                      ? "did not run"
                      : `exit ${gate.code}`}
                </span>
              )}
              <span className="num shrink-0 text-xs text-ink-3">{duration(gate.durationMs)}</span>
              <ChevronRight
                size={14}
                strokeWidth={1.5}
                aria-hidden
                className="shrink-0 text-ink-3 transition-transform duration-120 group-open:rotate-90"
              />
            </summary>
            <div className="border-t border-line p-2.5">
              <Output label={`Output of ${gate.name}`} text={gate.log} tall />
            </div>
          </details>
        </li>
      ))}
    </ul>
  );
}
