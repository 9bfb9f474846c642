/** What a view shows when there is nothing, nothing yet, or something wrong. */
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { ErrorBody } from "../../protocol/index.ts";
import { cx } from "./class-names.ts";

/** A refused command, in the row that sent it. */
export function Refusal({ error, className }: { error: ErrorBody; className?: string }) {
  return (
    <p
      role="alert"
      className={cx(
        "flex items-start gap-2 rounded-md border border-line bg-raised px-3 py-2 text-sm text-ink",
        className,
      )}
    >
      <CircleAlert
        size={16}
        strokeWidth={1.5}
        className="mt-px shrink-0 text-s-failed"
        aria-hidden
      />
      <span className="min-w-0 [overflow-wrap:anywhere]">
        {error.message} <span className="mono text-ink-3">{error.code}</span>
      </span>
    </p>
  );
}

/** A problem that a view cannot work around. */
export function Problem({ children }: { children: ReactNode }) {
  return (
    <p
      role="alert"
      className="flex items-start gap-2 rounded-md border border-line bg-panel px-3 py-2 text-sm"
    >
      <CircleAlert
        size={16}
        strokeWidth={1.5}
        className="mt-px shrink-0 text-s-failed"
        aria-hidden
      />
      <span>{children}</span>
    </p>
  );
}

/** An empty view teaches the next step. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="mx-auto flex max-w-[440px] flex-col items-center gap-2 px-6 py-12 text-center">
      <svg
        viewBox="0 0 32 32"
        width="28"
        height="28"
        aria-hidden
        className="mb-1 text-ink-3"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      >
        <path d="M16 3.500 23 8l-1.800 11h-10.400L9 8zM16 19v8M12 28.500h8" />
        <path
          d="M16 9.500c2 2.100 2.400 3.200 2.400 4.200a2.400 2.400 0 0 1-4.800 0c0-1 .4-2.100 2.400-4.200z"
          className="text-lamp"
          fill="currentColor"
          stroke="none"
        />
      </svg>
      <p className="text-base font-medium text-ink">{title}</p>
      {children && <div className="text-sm text-ink-2">{children}</div>}
      {action && <div className="mt-2">{action}</div>}
    </div>
  );
}

/** Rows that keep the layout while a topic loads. */
export function SkeletonRows({ rows = 4, label = "Loading" }: { rows?: number; label?: string }) {
  return (
    <div role="status" aria-label={label} className="divide-y divide-line">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex h-10 items-center gap-3 px-3">
          <span className="skeleton size-3.5 rounded-full" />
          <span className="skeleton h-3" style={{ width: `${58 - ((row * 17) % 31)}%` }} />
          <span className="skeleton ml-auto h-3 w-12" />
        </div>
      ))}
    </div>
  );
}
