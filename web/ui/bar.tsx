/** Progress of a convoy: one segment per state, with its words for readers. */
import type { Progress } from "../model/board.ts";
import { count } from "../words/figures.ts";

export function ProgressBar({ progress }: { progress: Progress }) {
  const { total, landed, closed, failed, moving } = progress;
  const words = `${landed + closed} of ${count(total, "bead")} done${failed > 0 ? `, ${failed} failed` : ""}`;
  const segments = [
    { color: "bg-s-landed", amount: landed },
    { color: "bg-s-open", amount: closed },
    { color: "bg-s-progress", amount: moving },
    { color: "bg-s-failed", amount: failed },
  ].filter(({ amount }) => amount > 0);
  return (
    <div
      role="img"
      aria-label={words}
      data-tip={words}
      className="flex h-1.5 w-full gap-px overflow-hidden rounded-full bg-pressed"
    >
      {segments.map(({ color, amount }) => (
        <span
          key={color}
          className={`${color} transition-[width] duration-180`}
          style={{ width: `${(100 * amount) / total}%` }}
        />
      ))}
    </div>
  );
}
