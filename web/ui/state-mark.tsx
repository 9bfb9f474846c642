/** A state's mark: its hue and its shape, with its name for readers. */
import type { ReactNode } from "react";
import type { Hue, Look, Shape } from "../words/states.ts";
import { cx } from "./class-names.ts";

export const hueText: Record<Hue, string> = {
  open: "text-s-open",
  progress: "text-s-progress",
  review: "text-s-review",
  landed: "text-s-landed",
  failed: "text-s-failed",
  waiting: "text-s-waiting",
  paused: "text-s-paused",
};

const stroke = {
  fill: "none",
  stroke: "currentColor",
  strokeWidth: 1.5,
  strokeLinecap: "round",
  strokeLinejoin: "round",
} as const;

const shapes: Record<Shape, ReactNode> = {
  ring: <circle cx="7" cy="7" r="5" {...stroke} />,
  half: (
    <>
      <circle cx="7" cy="7" r="5" {...stroke} />
      <path d="M7 4a3 3 0 0 1 0 6z" fill="currentColor" />
    </>
  ),
  diamond: (
    <>
      <path d="M7 1.500 12.500 7 7 12.500 1.500 7z" {...stroke} />
      <circle cx="7" cy="7" r="1.600" fill="currentColor" />
    </>
  ),
  check: (
    <>
      <circle cx="7" cy="7" r="5.750" fill="currentColor" />
      <path
        d="m4.600 7.200 1.700 1.700 3.200-3.500"
        fill="none"
        stroke="var(--panel)"
        strokeWidth="1.500"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </>
  ),
  cross: (
    <>
      <path
        d="M4.400 1.500h5.200l2.900 2.900v5.200l-2.900 2.900H4.400L1.500 9.600V4.400z"
        fill="currentColor"
      />
      <path
        d="m5.200 5.200 3.600 3.600m0-3.600L5.200 8.800"
        fill="none"
        stroke="var(--panel)"
        strokeWidth="1.500"
        strokeLinecap="round"
      />
    </>
  ),
  alert: (
    <>
      <path
        d="M7 1.600 13 12.200H1z"
        fill="currentColor"
        stroke="currentColor"
        strokeWidth="1"
        strokeLinejoin="round"
      />
      <path
        d="M7 5.400v3M7 10.300v.1"
        fill="none"
        stroke="var(--panel)"
        strokeWidth="1.500"
        strokeLinecap="round"
      />
    </>
  ),
  hatch: (
    <>
      <rect x="1.750" y="1.750" width="10.500" height="10.500" rx="2" {...stroke} />
      <path
        d="m2.500 8 5.500-5.500M3.500 11.500l8-8M6.500 12l5.500-5.500"
        {...stroke}
        strokeWidth={1.1}
      />
    </>
  ),
  dash: (
    <>
      <circle cx="7" cy="7" r="5" {...stroke} />
      <path d="M4.800 7h4.400" {...stroke} />
    </>
  ),
};

export function StateMark({
  look,
  size = 14,
  silent = false,
}: {
  look: Look;
  size?: number;
  silent?: boolean;
}) {
  return (
    <svg
      viewBox="0 0 14 14"
      width={size}
      height={size}
      className={cx("shrink-0", hueText[look.hue])}
      {...(silent ? { "aria-hidden": true } : { role: "img", "aria-label": look.label })}
    >
      {shapes[look.shape]}
    </svg>
  );
}

/** Mark and word together. */
export function StateChip({ look, className }: { look: Look; className?: string }) {
  return (
    <span className={cx("inline-flex items-center gap-1.5 whitespace-nowrap", className)}>
      <StateMark look={look} silent />
      <span className={cx("font-medium", hueText[look.hue])}>{look.label}</span>
    </span>
  );
}
