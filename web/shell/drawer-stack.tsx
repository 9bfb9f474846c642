/** The right side: stacked drawers, each in the URL; the top one is shown, the ones below are a breadcrumb. */
import { ArrowLeft, X } from "lucide-react";
import { type ComponentType, lazy, Suspense, useEffect, useRef } from "react";
import { shortId } from "../../protocol/index.ts";
import type { DrawerKind, DrawerRef } from "../lib/drawers.ts";
import { DrawerLevel, useDrawers } from "../lib/page.tsx";
import { IconButton } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy.tsx";
import { SkeletonRows } from "../ui/feedback.tsx";

const drawerOfKind: Record<DrawerKind, ComponentType<{ id: string }>> = {
  bead: lazy(() =>
    import("../drawers/bead.tsx").then((module) => ({ default: module.BeadDrawer })),
  ),
  run: lazy(() => import("../drawers/run.tsx").then((module) => ({ default: module.RunDrawer }))),
  agent: lazy(() =>
    import("../drawers/agent.tsx").then((module) => ({ default: module.AgentDrawer })),
  ),
  convoy: lazy(() =>
    import("../drawers/convoy.tsx").then((module) => ({ default: module.ConvoyDrawer })),
  ),
  molecule: lazy(() =>
    import("../drawers/molecule.tsx").then((module) => ({ default: module.MoleculeDrawer })),
  ),
  review: lazy(() =>
    import("../drawers/review.tsx").then((module) => ({ default: module.ReviewDrawer })),
  ),
  triage: lazy(() =>
    import("../drawers/triage.tsx").then((module) => ({ default: module.TriageDrawer })),
  ),
};

const words: Record<DrawerKind, string> = {
  bead: "Bead",
  run: "Run",
  agent: "Agent",
  convoy: "Convoy",
  molecule: "Molecule",
  review: "Review",
  triage: "Request of triage",
};

export function DrawerStack() {
  const { stack, cut } = useDrawers();
  const top = stack.at(-1);
  const before = useRef<HTMLElement | null>(null);
  const panel = useRef<HTMLDivElement>(null);
  const topKey = top ? `${stack.length}:${top.id}` : null;
  useEffect(() => {
    if (topKey === null) {
      if (before.current?.isConnected) before.current.focus({ preventScroll: true });
      before.current = null;
      return;
    }
    const { activeElement } = document;
    if (before.current === null && activeElement instanceof HTMLElement)
      before.current = activeElement;
    panel.current?.focus({ preventScroll: true });
  }, [topKey]);
  if (!top) return null;
  const Drawer = drawerOfKind[top.kind];
  return (
    <>
      <button
        type="button"
        aria-label="Close drawers"
        tabIndex={-1}
        onClick={() => cut(0)}
        className="fixed inset-0 z-30 bg-[var(--scrim)] sm:hidden"
      />
      <div
        ref={panel}
        key={topKey}
        data-drawer={top.kind}
        role="dialog"
        aria-label={`${words[top.kind]} ${shortId(top.id)}`}
        tabIndex={-1}
        className="slide-in relative z-40 flex h-full w-[480px] shrink-0 flex-col border-l border-line-strong bg-panel focus-visible:outline-none max-xl:fixed max-xl:inset-y-0 max-xl:right-0 max-xl:shadow-float max-sm:w-full 2xl:w-[540px]"
      >
        <Head stack={stack} top={top} cut={cut} />
        <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain">
          <DrawerLevel value={stack.length}>
            <Suspense fallback={<SkeletonRows rows={6} />}>
              <Drawer key={top.id} id={top.id} />
            </Suspense>
          </DrawerLevel>
        </div>
      </div>
    </>
  );
}

function Head({
  stack,
  top,
  cut,
}: {
  stack: DrawerRef[];
  top: DrawerRef;
  cut: (level: number) => void;
}) {
  return (
    <div className="flex h-12 shrink-0 items-center gap-1 border-b border-line px-2">
      {stack.length > 1 && (
        <IconButton label="Back" keys="Esc" onClick={() => cut(stack.length - 1)}>
          <ArrowLeft size={16} strokeWidth={1.5} aria-hidden />
        </IconButton>
      )}
      <nav aria-label="Open drawers" className="min-w-0 flex-1 px-2">
        <ol className="flex items-center gap-1.5 overflow-hidden text-sm text-ink-3">
          {stack.slice(0, -1).map((ref, level) => (
            <li key={`${level}:${ref.id}`} className="flex min-w-0 items-center gap-1.5">
              <button
                type="button"
                onClick={() => cut(level + 1)}
                className="truncate rounded-sm hover:text-ink"
              >
                {words[ref.kind]}
              </button>
              <span aria-hidden>/</span>
            </li>
          ))}
          <li
            aria-current="page"
            className="flex min-w-0 items-center gap-1.5 font-medium text-ink"
          >
            {words[top.kind]}
            <CopyButton text={top.id} label="Copy id" shown={shortId(top.id)} />
          </li>
        </ol>
      </nav>
      <IconButton label="Close drawers" onClick={() => cut(0)}>
        <X size={16} strokeWidth={1.5} aria-hidden />
      </IconButton>
    </div>
  );
}
