/** Markdown, shown as plain text for the moment that its renderer takes to load. */
import { lazy, Suspense } from "react";

const Body = lazy(() => import("./markdown-body.tsx").then((module) => ({ default: module.MarkdownBody })));

export function Markdown({ text, growing = false }: { text: string; growing?: boolean }) {
  return (
    <Suspense fallback={<div className="prose whitespace-pre-wrap">{text}</div>}>
      <Body text={text} growing={growing} />
    </Suspense>
  );
}
