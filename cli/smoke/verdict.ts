/** Whether a smoke is over: as a town that ends by itself, and by what a person would have to mend first. Pure. */
import type { Runner, Town } from "../../protocol/index.ts";
import { outcomeOf, type Outcome, type Scene } from "../up/outcome.ts";

export interface SmokeScene extends Scene {
  town: Pick<Town, "limits"> | null;
  runners: readonly Pick<Runner, "isolation" | "isolationReason">[];
  /** Agents without isolation were agreed to. */
  isolationConfirmed: boolean;
}

const SAID_CHARS_MAX = 300;

export function smokeOutcome(scene: SmokeScene): Outcome {
  const outcome = outcomeOf(scene);
  if (outcome.end !== "moving" || isAtWork(scene)) return outcome;
  const reason = openReason(scene) ?? limitReason(scene) ?? idleReason(scene);
  return reason === null ? outcome : { end: "stuck", reason };
}

function isAtWork({ runs, chat }: Scene): boolean {
  return (
    runs.some(({ kind, state }) => kind !== "session" && state !== "ended") ||
    chat.some(({ state }) => state === "streaming")
  );
}

function openReason({ runners, isolationConfirmed }: SmokeScene): string | null {
  const open = runners.find(({ isolation }) => isolation === "none");
  if (open === undefined || isolationConfirmed) return null;
  return `This host does not isolate agents: ${open.isolationReason ?? "no reason is known"} With --confirm-isolation they run all the same, and can read everything that you can.`;
}

function limitReason({ town }: SmokeScene): string | null {
  if (town === null) return null;
  const { day, provider } = town.limits;
  if (day.usedUp !== null) return `The budget is used up: ${day.usedUp}.`;
  // What passes by itself is waited for.
  const stays = provider?.state === "refused" || provider?.state === "quota";
  return stays ? provider.message : null;
}

/** The Mayor has answered, and nothing came of it. */
function idleReason({ issues, chat }: SmokeScene): string | null {
  const asked = chat.filter(({ kind }) => kind === "person");
  const open = asked.some(({ state }) => state === "queued" || state === "delivered");
  if (issues.length > 0 || asked.length === 0 || open) return null;
  const last = chat.findLast(({ kind }) => kind === "mayor");
  if (last === undefined) return null;
  const said = (last.note ?? last.text).replaceAll(/\s+/g, " ").slice(0, SAID_CHARS_MAX);
  return `The Mayor made no bead. It said: ${said}`;
}
