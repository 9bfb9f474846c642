/** Links preview what they name: title, state and the one line that matters. */
import { useEffect, useRef, useState } from "react";
import { shortId } from "../../protocol/index.ts";
import { drawerOf } from "../lib/drawers.ts";
import { useImage } from "../lib/town.tsx";
import { StateChip } from "../ui/state-mark.tsx";
import { withShortIds } from "../words/history.ts";
import {
  agentLook,
  convoyLook,
  issueLook,
  type Look,
  moleculeLook,
  reviewLook,
  runKindWords,
  runLook,
} from "../words/states.ts";

const DELAY_MS = 450;
const WIDTH = 288;

interface Shown {
  id: string;
  left: number;
  top: number;
}

export function PreviewLayer() {
  const [shown, setShown] = useState<Shown | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    const over = (event: PointerEvent) => {
      clearTimeout(timer.current);
      const target =
        event.target instanceof Element ? event.target.closest("[data-preview]") : null;
      const id = target?.getAttribute("data-preview");
      if (!target || !id || event.pointerType !== "mouse") return setShown(null);
      timer.current = setTimeout(() => {
        if (!target.isConnected) return;
        const box = target.getBoundingClientRect();
        const low = box.bottom + 130 > innerHeight;
        setShown({
          id,
          left: Math.min(box.left, innerWidth - WIDTH - 12),
          top: low ? box.top - 118 : box.bottom + 6,
        });
      }, DELAY_MS);
    };
    const hide = () => {
      clearTimeout(timer.current);
      setShown(null);
    };
    document.addEventListener("pointerover", over);
    for (const end of ["pointerdown", "keydown", "wheel"] as const)
      document.addEventListener(end, hide, { passive: true });
    return () => {
      hide();
      document.removeEventListener("pointerover", over);
      for (const end of ["pointerdown", "keydown", "wheel"] as const)
        document.removeEventListener(end, hide);
    };
  }, []);
  return shown ? <Preview key={shown.id} {...shown} /> : null;
}

interface Summary {
  title: string;
  look: Look;
  line: string | null;
}

function Preview({ id, left, top }: Shown) {
  const summary = useSummary(id);
  if (!summary) return null;
  return (
    <div
      aria-hidden
      className="rise pointer-events-none fixed z-60 rounded-lg bg-panel p-3 shadow-float"
      style={{ left, top, width: WIDTH }}
    >
      <div className="flex items-center gap-2 text-xs">
        <StateChip look={summary.look} />
        <span className="mono ml-auto text-ink-3">{shortId(id)}</span>
      </div>
      <p className="mt-1.5 line-clamp-2 text-sm font-medium">{summary.title}</p>
      {summary.line && (
        <p className="mt-1 line-clamp-2 text-xs text-ink-3">{withShortIds(summary.line)}</p>
      )}
    </div>
  );
}

function useSummary(id: string): Summary | null {
  const kind = drawerOf(id)?.kind;
  const issue = useImage("issue", kind === "bead" ? id : null);
  const convoy = useImage("convoy", kind === "convoy" ? id : null);
  const molecule = useImage("molecule", kind === "molecule" ? id : null);
  const review = useImage("review", kind === "review" ? id : null);
  const run = useImage("run", kind === "run" ? id : null);
  const agent = useImage("agent", kind === "agent" ? id : null);
  if (issue)
    return {
      title: issue.title,
      look: issueLook(issue),
      line: issue.failure?.message ?? issue.wait?.text ?? null,
    };
  if (convoy)
    return {
      title: convoy.title,
      look: convoyLook(convoy.state),
      line: convoy.failure?.message ?? null,
    };
  if (molecule)
    return {
      title: molecule.title,
      look: moleculeLook(molecule.state),
      line: molecule.steps.find(({ n }) => n === molecule.current)?.title ?? null,
    };
  if (review)
    return { title: review.title, look: reviewLook(review.state), line: review.wait?.text ?? null };
  if (run)
    return {
      title: `${runKindWords[run.kind]} run, attempt ${run.attempt}`,
      look: runLook(run),
      line: run.reason?.message ?? run.phase,
    };
  if (agent) return { title: agent.name, look: agentLook(agent.state), line: agent.bubble };
  return null;
}
