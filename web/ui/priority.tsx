/** A priority as bars: as many as it is urgent; critical is a shape of its own. */
import type { Priority } from "../../protocol/index.ts";
import { priorityRank } from "../words/states.ts";

export function PriorityMark({ priority }: { priority: Priority }) {
  const rank = priorityRank[priority];
  return (
    <svg
      viewBox="0 0 14 14"
      width="14"
      height="14"
      role="img"
      aria-label={`${priority} priority`}
      className="shrink-0 text-ink-2"
    >
      {rank === 3 ? (
        <>
          <rect x="1.500" y="1.500" width="11" height="11" rx="2.500" fill="currentColor" />
          <path
            d="M7 4v3.600M7 9.900v.1"
            stroke="var(--panel)"
            strokeWidth="1.600"
            strokeLinecap="round"
          />
        </>
      ) : (
        [0, 1, 2].map((bar) => (
          <rect
            key={bar}
            x={2 + bar * 3.75}
            y={9 - bar * 3}
            width="2.500"
            height={3 + bar * 3}
            rx="1"
            fill="currentColor"
            opacity={bar <= rank ? 1 : 0.25}
          />
        ))
      )}
    </svg>
  );
}
