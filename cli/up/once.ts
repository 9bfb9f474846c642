/** Waits in a running town until there is nothing left to wait for, and sums it up. */
import type { CommandValue, Image, ImageKind, Topic } from "../../protocol/index.ts";
import type { TownCore } from "../../server/core.ts";
import { outcomeOf, type Outcome, type Scene } from "./outcome.ts";

/** Changes are gathered this long before they are judged. */
const LOOK_AFTER_MS = 100;
/** How long a stuck town must stay so, without any change, before it is believed. */
const STUCK_HOLD_MS = 5_000;

/** Resolves when the town is done or has been stuck for a while, as `judge` sees it; rejects with the signal's reason. */
export async function untilSettled(
  core: TownCore,
  signal: AbortSignal,
  judge: () => Outcome = () => outcomeOf(sceneOf(core)),
): Promise<Outcome> {
  const settled = Promise.withResolvers<Outcome>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (wasStuck: boolean): void => {
    const outcome = judge();
    timer = undefined;
    if (outcome.end === "done" || (outcome.end === "stuck" && wasStuck)) settled.resolve(outcome);
    // Every change begins the hold anew: only a quiet town is stuck.
    else if (outcome.end === "stuck") timer = setTimeout(() => look(true), STUCK_HOLD_MS);
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => look(false), LOOK_AFTER_MS);
  };
  const stop = core.onChanges(soon);
  const abort = () => settled.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  soon();
  try {
    return await settled.promise;
  } finally {
    stop();
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/** What the topics hold now. */
export function sceneOf(core: TownCore): Scene {
  return {
    issues: imagesOf(core, "board", "issue"),
    convoys: imagesOf(core, "convoys", "convoy"),
    escalations: imagesOf(core, "town", "escalation"),
    reviews: imagesOf(core, "reviews", "review"),
    runs: imagesOf(core, "agents", "run"),
    chat: imagesOf(core, "mayor", "chat"),
  };
}

/** Images of a kind that a topic holds now. */
export function imagesOf<K extends ImageKind>(core: TownCore, topic: Topic, kind: K): Image<K>[] {
  const state = core.topic(topic);
  if (!state.ok) throw new Error(`the topic ${topic} cannot be read: ${state.error.message}`);
  const held = state.value.items.filter((item) => item.kind === kind && item.value !== null);
  return held.map((item) => item.value as Image<K>);
}

/** The last line of `up --once --json`. Times of installing and building are the wrapper's. */
export interface Summary {
  event: "summary";
  ok: boolean;
  reason: string | null;
  beads: number;
  runs: number;
  merges: number;
  tokens: number;
  seconds: number;
  installMs: number;
  buildMs: number;
  repository: string | null;
}

const OWNER = { principal: "owner", actor: "person:owner" } as const;

/** @param seconds from ready to now */
export async function sumUp(
  core: TownCore,
  outcome: Outcome,
  seconds: number,
  repository: string | null,
): Promise<Summary> {
  const issues = imagesOf(core, "board", "issue");
  let runs = 0;
  for (const { id } of issues) {
    const bead = await core.call("bead.get", { bead: id }, OWNER);
    if (bead.ok) runs += (bead.value as CommandValue<"bead.get">).runs.length;
  }
  const usage = imagesOf(core, "town", "town")[0]?.usage;
  return {
    event: "summary",
    ok: outcome.end === "done",
    reason: outcome.end === "stuck" ? outcome.reason : null,
    beads: issues.length,
    runs,
    merges: issues.filter((issue) => issue.outcome === "landed").length,
    tokens: usage === undefined ? 0 : usage.inputTokens + usage.outputTokens,
    seconds: Math.round(seconds * 10) / 10,
    installMs: Number(process.env["GASTOWN_INSTALL_MS"] ?? 0),
    buildMs: Number(process.env["GASTOWN_BUILD_MS"] ?? 0),
    repository: repository ?? imagesOf(core, "town", "rig")[0]?.remote ?? null,
  };
}
