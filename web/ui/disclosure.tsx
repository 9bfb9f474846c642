/** A part of a form that most people leave closed. */
import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";

/** `open`: how it begins, and what it turns to when that changes. */
export function Disclosure({
  summary,
  open,
  children,
}: {
  summary: string;
  open: boolean;
  children: ReactNode;
}) {
  return (
    <details className="group" open={open}>
      <summary className="flex list-none items-center gap-1 text-sm text-ink-2 underline-offset-3 hover:text-ink hover:underline">
        <ChevronRight
          size={14}
          strokeWidth={1.5}
          aria-hidden
          className="shrink-0 transition-transform group-open:rotate-90"
        />
        {summary}
      </summary>
      {children}
    </details>
  );
}
