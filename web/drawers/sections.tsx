/** Parts that drawers share: a padded section with a small title, and a frame that waits for its topic. */
import type { ReactNode } from "react";
import type { Topic } from "../../protocol/index.ts";
import { useTopic, useTopicProblem } from "../lib/town.tsx";
import { Problem, SkeletonRows } from "../ui/feedback.tsx";

export function Part({
  title,
  count,
  action,
  children,
}: {
  title: string;
  count?: number | undefined;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section aria-label={title} className="border-t border-line px-4 py-3.5">
      <header className="mb-2 flex items-center gap-2">
        <h3 className="text-sm font-semibold">{title}</h3>
        {count !== undefined && <span className="num text-xs text-ink-3">{count}</span>}
        <div className="ml-auto">{action}</div>
      </header>
      {children}
    </section>
  );
}

/** Rows of links, flush with the drawer's edges. */
export function Rows({ children }: { children: ReactNode }) {
  return (
    <div className="@container -mx-1 divide-y divide-line overflow-hidden rounded-md border border-line">
      {children}
    </div>
  );
}

/** Waits for the topic, or says why there is nothing. */
export function TopicFrame({
  topic,
  found,
  children,
}: {
  topic: Topic;
  found: boolean;
  children: ReactNode;
}) {
  const { ready } = useTopic(topic);
  const problem = useTopicProblem(topic);
  if (found) return children;
  if (problem)
    return (
      <div className="p-4">
        <Problem>{problem}</Problem>
      </div>
    );
  if (!ready) return <SkeletonRows rows={8} />;
  return (
    <div className="p-4">
      <Problem>This is not in the town any more.</Problem>
    </div>
  );
}

/** The record as it travels, for whoever wants to know exactly. */
export function RawRecord({ value }: { value: unknown }) {
  return (
    <details className="border-t border-line px-4 py-3.5">
      <summary className="list-none text-sm font-semibold text-ink-2 hover:text-ink">
        Raw record
      </summary>
      <pre
        tabIndex={0}
        role="region"
        aria-label="Raw record"
        className="mt-2 max-h-96 overflow-auto rounded-md border border-line bg-canvas p-2.5 leading-[17px] text-ink-2"
      >
        {JSON.stringify(value, null, 2)}
      </pre>
    </details>
  );
}
