/** An agent that goes on with what one before it remembered, where that is to be had. */
import { join } from "node:path";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import type { LiveRun } from "../live-run.ts";
import type { Workplace } from "../workplace.ts";
import { AgentHost } from "./agent-host.ts";
import type { AgentJob } from "./agent-job.ts";
import { fetchKept } from "./kept-conversation.ts";

const WHY_CHARS_MAX = 500;

type Opened = Awaited<ReturnType<typeof AgentHost.open>>;

/** `why`: there was something to go on with, and it does not; null where there was nothing. */
export type TakenUp =
  | Exclude<Opened, { ok: true }>
  | { ok: true; host: AgentHost; isResumed: boolean; why: string | null };

/** Starts the agent with what its run was offered to go on from; where that fails, without. */
export async function takeUp(
  place: Workplace,
  run: LiveRun<RunSpecOf<"session" | "work">>,
  job: AgentJob,
  whose: string,
): Promise<TakenUp> {
  const { snapshot, noSnapshot } = run.spec;
  let why = noSnapshot;
  let { homeDir } = job;
  if (snapshot !== null) {
    run.enter("fetching", `Fetching what ${whose} remembers`);
    const kept = await fetchKept(place, run, snapshot);
    if (kept.ok) {
      const opened = await AgentHost.open(place, run, { ...job, resume: kept.value });
      if (opened.ok) return { ...opened, isResumed: true, why: null };
      if (run.signal.aborted) return opened;
      why = opened.ending.reason?.message ?? "the agent did not start with it";
      // What it could not begin with lies in its home.
      homeDir = join(homeDir, "afresh");
    } else why = kept.error.message;
  }
  const opened = await AgentHost.open(place, run, { ...job, homeDir });
  if (!opened.ok) return opened;
  return { ...opened, isResumed: false, why: why?.slice(0, WHY_CHARS_MAX) ?? null };
}
