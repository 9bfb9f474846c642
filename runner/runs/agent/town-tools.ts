/** Tool calls that the town decides: keyed so that a repeated one has no second effect. */
import { createHash } from "node:crypto";
import type { ToolAnswer } from "../../agents/mcp.ts";
import type { LiveRun } from "../live-run.ts";
import type { Workplace } from "../workplace.ts";

export interface TownToolCall {
  turnId: string | null;
  /** What an effect is unique within: the turn, or the run where there are none. */
  scope: string;
  tool: string;
  args: Record<string, unknown>;
}

export async function askTown(
  place: Workplace,
  run: LiveRun,
  { turnId, scope, tool, args }: TownToolCall,
): Promise<ToolAnswer> {
  const { runId, fence } = run.spec;
  if (!place.lease.valid) {
    const message = "The town cannot be reached now. Nothing was done.";
    return {
      ok: false,
      error: { code: "offline", message, retryable: true },
      next: "Wait a moment and call it again.",
    };
  }
  const key = createHash("sha256")
    .update(JSON.stringify([scope, tool, canonical(args)]))
    .digest("hex");
  const answer = await place.town.tool({ runId, fence, turnId, tool, arguments: args, key });
  if (!answer.ok) return { ok: false, error: answer.error };
  if (!answer.value.isError) return { ok: true, value: answer.value.text, next: "" };
  return {
    ok: false,
    error: { code: "invalid_body", message: answer.value.text, retryable: false },
    next: "",
  };
}

/** The same value whatever order its keys were written in. */
export function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, each]): [string, unknown] => [
    key,
    canonical(each),
  ]);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
