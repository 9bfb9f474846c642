/** Markdown, shown as plain text for the moment that its renderer takes to load. */
import { lazy, Suspense } from "react";

const PRELOAD_MS = 1_500;

const load = () =>
  import("./markdown-body.tsx").then((module) => ({ default: module.MarkdownBody }));
const Body = lazy(load);

/** Fetches the renderer while nothing else is asked for. */
export function preloadMarkdown(): void {
  setTimeout(() => void load(), PRELOAD_MS);
}

export function Markdown({ text, growing = false }: { text: string; growing?: boolean }) {
  return (
    <Suspense fallback={<div className="prose whitespace-pre-wrap">{text}</div>}>
      <Body text={text} growing={growing} />
    </Suspense>
  );
}
