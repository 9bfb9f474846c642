/** Frames of content: a titled section with a border, and the page around sections. */
import { type ReactNode, useId } from "react";
import { cx } from "./class-names.ts";

interface SectionProps {
  title: string;
  count?: number | undefined;
  action?: ReactNode;
  children: ReactNode;
  className?: string;
}

/** A titled panel; a landmark with its title as name. */
export function Section({ title, count, action, children, className }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={cx("min-w-0", className)}>
      <header className="mb-2 flex h-7 items-center gap-2">
        <h2 id={id} className="text-sm font-semibold text-ink">
          {title}
        </h2>
        {count !== undefined && <span className="num text-xs text-ink-3">{count}</span>}
        <div className="ml-auto flex items-center gap-1">{action}</div>
      </header>
      <div className="@container overflow-hidden rounded-lg border border-line bg-panel">
        {children}
      </div>
    </section>
  );
}

interface PageProps {
  title: string;
  aside?: ReactNode;
  note?: ReactNode;
  children: ReactNode;
  size?: "narrow" | "normal" | "wide";
}

const widths = {
  narrow: "max-w-[808px]",
  normal: "max-w-[1040px]",
  wide: "max-w-[1440px]",
} as const;

/** A view: its title, what stands beside it, and its content in a readable width. */
export function Page({ title, aside, children, size = "normal", note }: PageProps) {
  return (
    <div
      className={cx(
        "@container/page mx-auto w-full px-6 pb-16 pt-5 max-sm:px-3 max-sm:pt-3",
        widths[size],
      )}
    >
      <header className="mb-5 flex min-h-8 flex-wrap items-center gap-x-3 gap-y-2 max-sm:mb-3">
        <h1 className="text-xl font-semibold tracking-[-0.012em]">{title}</h1>
        {note && <div className="text-sm text-ink-3">{note}</div>}
        <div className="ml-auto flex items-center gap-2">{aside}</div>
      </header>
      {children}
    </div>
  );
}

/** One fact of a drawer or settings page. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid min-h-7 grid-cols-[112px_minmax(0,1fr)] items-start gap-3 py-1">
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0 text-ink [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}

export function Facts({ children }: { children: ReactNode }) {
  return <dl className="text-sm">{children}</dl>;
}
