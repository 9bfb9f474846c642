/** How it is shown where the bytes of unfinished work are. Pure. */
import { safetyOf, type BeadWork, type Safety } from "../../protocol/index.ts";
import type { Look } from "./states.ts";

const looks: Record<Safety, Look> = {
  copied: { hue: "landed", shape: "check", label: "Safe" },
  copying: { hue: "progress", shape: "half", label: "Being copied" },
  kept: { hue: "waiting", shape: "alert", label: "On one disk" },
  held_up: { hue: "failed", shape: "cross", label: "Not copied" },
};

export function safetyLook(saved: Pick<BeadWork, "atRisk" | "kept" | "reason">): Look {
  return looks[safetyOf(saved)];
}

/** The town's light. */
export function riskLook(lines: number): Look {
  const label = `${lines} line${lines === 1 ? "" : "s"} at risk`;
  return lines === 0 ? { ...looks.copied, label } : { ...looks.kept, label };
}
