/** An agent's generated mark with its role's glyph. */
import { Crown, GitMerge, Hammer, Stethoscope, type LucideIcon } from "lucide-react";
import type { Role } from "../../protocol/index.ts";
import { markCells } from "../model/agent-mark.ts";
import { cx } from "./class-names.ts";

export const roleGlyphs: Record<Role, LucideIcon> = {
  mayor: Crown,
  polecat: Hammer,
  refinery: GitMerge,
  triage: Stethoscope,
};
export const roleWords: Record<Role, string> = {
  mayor: "Mayor",
  polecat: "Polecat",
  refinery: "Refinery",
  triage: "Triage",
};

export function AgentMark({
  id,
  name,
  size = 20,
  live = false,
}: {
  id: string;
  name: string;
  size?: number;
  live?: boolean;
}) {
  return (
    <svg
      viewBox="-1.500 -1.500 8 8"
      width={size}
      height={size}
      {...(name === "" ? { "aria-hidden": true } : { role: "img", "aria-label": name })}
      className={cx("shrink-0 rounded-sm bg-raised", live ? "text-s-progress" : "text-ink-2")}
      shapeRendering="crispEdges"
    >
      {markCells(id).map(([x, y]) => (
        <rect key={`${x}.${y}`} x={x} y={y} width="1.020" height="1.020" fill="currentColor" />
      ))}
    </svg>
  );
}

export function RoleGlyph({ role }: { role: Role }) {
  const Glyph = roleGlyphs[role];
  return (
    <Glyph
      size={14}
      strokeWidth={1.5}
      aria-label={roleWords[role]}
      role="img"
      className={role === "mayor" ? "text-lamp-ink" : "text-ink-3"}
    />
  );
}
