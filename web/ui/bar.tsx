/** Progress of a convoy: one segment per state, with its words for readers. */
import type { Progress } from "../model/board.ts";
import { count } from "../words/figures.ts";

export function ProgressBar({ progress }: { progress: Progress }) {
  const { total, landed, closed, failed, moving } = progress;
  const part = (amount: number) => `${(100 * amount) / Math.max(1, total)}%`;
  const words = `${landed + closed} of ${count(total, "bead")} done${failed > 0 ? `, ${failed} failed` : ""}`;
  return (
    <div
      role="img"
      aria-label={words}
      data-tip={words}
      className="flex h-1.5 w-full gap-px overflow-hidden rounded-full bg-pressed"
    >
      <span
        className="bg-s-landed transition-[width] duration-180"
        style={{ width: part(landed) }}
      />
      <span className="bg-s-open transition-[width] duration-180" style={{ width: part(closed) }} />
      <span
        className="bg-s-progress transition-[width] duration-180"
        style={{ width: part(moving) }}
      />
      <span
        className="bg-s-failed transition-[width] duration-180"
        style={{ width: part(failed) }}
      />
    </div>
  );
}
