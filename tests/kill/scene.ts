// The town of a kill test, at work until something of it is killed: four moments, three victims.
import { expect } from "bun:test";
import { tipOf } from "../support/landed-sample.ts";
import type { TownProcess } from "../support/town-process.ts";
import type { ChangeFeed } from "./change-feed.ts";
import { eventually } from "./eventually.ts";
import { findKilo, findRunner, freeze, kill, thaw } from "./host-processes.ts";
import { journalOf, waitingFacts } from "./runner-disk.ts";
import type { SlowRemote } from "./slow-remote.ts";
import type { TwoBeads } from "./two-beads.ts";

export interface Scene {
  dataDir: string;
  play: TwoBeads;
  town: TownProcess;
  feed: ChangeFeed;
  /** Answers the first push that the moment's `held` names only when it is let. */
  remote: SlowRemote;
}

export interface Moment {
  name: string;
  /** Shell pattern of the refs whose first push is held. */
  held: string;
  /** Resolves when it has come, with the run whose agent is killed where an agent is the victim. */
  reach(scene: Scene): Promise<string>;
}

export const MOMENTS: readonly Moment[] = [
  { name: "convoy slung but the turn open", held: "none", reach: slungInOpenTurn },
  { name: "agent in mid-turn", held: "none", reach: inMidTurn },
  {
    name: "done spooled but unacked",
    held: "refs/heads/gastown/run/*",
    reach: doneUnacked,
  },
  {
    name: "candidate pushed but proof unrecorded",
    held: "refs/heads/main",
    reach: pushedUnproven,
  },
];

async function slungInOpenTurn({ feed }: Scene): Promise<string> {
  return feed.until("a convoy was slung in an open turn", () => {
    const open = feed.all("chat").find(({ state }) => state === "streaming");
    return feed.all("convoy").length > 0 ? (open?.runId ?? undefined) : undefined;
  });
}

async function inMidTurn({ feed }: Scene): Promise<string> {
  return feed.until("an agent was in mid-turn", () => {
    const run = feed.all("run").find(({ kind, state, lastProgressAt }) => {
      return kind === "work" && state === "running" && lastProgressAt !== null;
    });
    return run?.id;
  });
}

/**
 * The push of the finished work is held, so that the town stands still before the runner says "done": then it is on
 * the runner's disk and nobody has heard it. The polecat has ended by then; of the agents only the Mayor's is up.
 */
async function doneUnacked({ dataDir, feed, remote, town }: Scene): Promise<string> {
  const run = await feed.until("work was handed over", () =>
    feed.all("run").find(({ kind, phase }) => kind === "work" && phase === "handing over"),
  );
  await remote.reached();
  expect(waitingFacts(dataDir, run.id)).not.toContain("work_done");
  await freeze(town.pid);
  await remote.release();
  await eventually("the done is on the runner's disk", () =>
    Promise.resolve(waitingFacts(dataDir, run.id).includes("work_done") || undefined),
  );
  return mayorsRun(feed);
}

/** The remote has moved main and has not said so yet. Again only the Mayor's agent is up. */
async function pushedUnproven({ dataDir, play, feed, remote }: Scene): Promise<string> {
  const run = await feed.until("a merge was under way", () => {
    const merging = feed.all("review").some(({ state }) => state === "merging");
    return merging
      ? feed.all("run").find(({ kind, phase }) => kind === "merge" && phase === "landing")
      : undefined;
  });
  await remote.reached();
  expect(await tipOf(play.sample.bare)).not.toBe(play.sample.head);
  expect(journalOf(dataDir, run.id).at(-1)).toBe("pushing");
  return mayorsRun(feed);
}

function mayorsRun(feed: ChangeFeed): string {
  const run = feed.all("run").find(({ kind, state }) => kind === "session" && state !== "ended");
  if (run === undefined) throw new Error("the Mayor's agent is not up");
  return run.id;
}

/** Each ends with the whole town killed: what it had already mended must last as well. */
export const VICTIMS: Readonly<
  Record<"town" | "runner" | "kilo serve", (scene: Scene, agentRun: string) => Promise<void>>
> = {
  town: async ({ town, remote }) => {
    await kill(town.pid);
    await remote.release();
  },

  /** The town starts another one, which takes over. */
  runner: async ({ dataDir, town, feed, remote }) => {
    const [before] = feed.all("runner");
    await kill((await findRunner(dataDir)).pid);
    await remote.release();
    thaw(town.pid);
    await feed.until("the runner was started again", () =>
      feed.all("runner").find(({ state, incarnation }) => {
        return state === "connected" && incarnation > (before?.incarnation ?? 0);
      }),
    );
    await kill(town.pid);
  },

  /** The town hears of it as the end of the agent's run. */
  "kilo serve": async ({ dataDir, town, feed, remote }, agentRun) => {
    await kill((await findKilo(dataDir, agentRun)).pid);
    await remote.release();
    thaw(town.pid);
    await feed.until("the run of the agent had ended", () =>
      feed.all("run").find(({ id, state }) => id === agentRun && state === "ended"),
    );
    await kill(town.pid);
  },
};
