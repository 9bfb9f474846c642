// The Mayor's conversation outlives the runner that he spoke on, its disk included.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import type { ScriptInput } from "../../scripted/script.ts";
import { isLeftOut } from "../support/left-out.ts";
import { startRunnerProcess, type RunnerProcess } from "../support/runner-process.ts";
import { openWholeTown, type WholeTown } from "../support/whole-town.ts";
import { makeRepository } from "../integration/town/repositories.ts";
import { join } from "node:path";
import { ChangeFeed } from "./change-feed.ts";
import { eventually } from "./eventually.ts";
import { kill, remains } from "./host-processes.ts";

const LIMIT_MS = 280_000;
/** Short enough to wait for, long enough that a busy host does not lose a runner that lives. */
const POLICY = { heartbeatMs: 500, leaseTtlMs: 4_000, runnerSuspectMs: 5_000, runnerLostMs: 8_000 };
/** A turn that has slung stays open for so long. */
const OPEN_MS = 8_000;

const PLAN = {
  rig: "{{tool.gt_rigs | /\\brg[_-][0-9a-z]{6,26}\\b/}}",
  title: "Two steps",
  staged: true,
  tasks: [
    { key: "one", title: "First step", body: "Begin." },
    { key: "two", title: "Second step", body: "End.", depends_on: ["one"] },
  ],
};

const ENTRIES: ScriptInput["entries"] = [
  { role: "mayor", says: "/^Remember/", turns: [{ text: "I keep it in mind." }] },
  { role: "mayor", says: "/^How many/", turns: [{ text: "Seven of them." }] },
  {
    role: "mayor",
    says: "/^Plan it/m",
    turns: [
      { tools: [{ name: "gt_rigs" }] },
      { tools: [{ name: "gt_sling_convoy", arguments: PLAN }] },
      { text: "It is planned.", pauseMs: OPEN_MS },
    ],
  },
  {
    role: "mayor",
    says: "/^What do you/m",
    turns: [
      {
        text: "Word {{conversation | /The word is (\\w+)/ ?? forgotten}}, {{conversation | /(\\w+) of them/ ?? none}} lamps; {{conversation | /earlier conversation, replayed/ ?? nothing replayed}}.",
      },
    ],
  },
];

test.skipIf(isLeftOut("agent") || isLeftOut("sandbox"))(
  "[Done-3 B1 C10] a Mayor whose runner is killed in a turn, its disk removed, goes on elsewhere: nothing is forgotten or done twice",
  async () => {
    await using town = await openWholeTown({
      entries: ENTRIES,
      policy: POLICY,
      args: ["--no-runner"],
    });
    await using feed = await ChangeFeed.open(town.dataDir);
    await using first = await startRunnerProcess(town, "first");
    await using second = await startRunnerProcess(town, "second");
    await ready(town, feed);
    await say(town, feed, "Remember this. The word is lanternfish.");
    const before = await say(town, feed, "How many lamps does the fish have?");
    expect(before.continued).toBeNull();
    await eventually("what the Mayor remembers is kept", () =>
      Promise.resolve(lastKept(town.dataDir) === before.turnId || undefined),
    );

    const lost = await town.client.call("mayor.say", { text: "Plan it in two steps." });
    const runId = await feed.until("a convoy was slung in an open turn", () => {
      const open = feed.all("chat").find(({ turnId, kind }) => {
        return kind === "mayor" && turnId === lost.turnId;
      });
      if (feed.all("convoy").length === 0 || open?.state !== "streaming") return undefined;
      return open.runId ?? undefined;
    });
    const [killed, left] = inOrder(feed, runId, [first, second]);
    await kill(killed.pid);
    await eventually("nothing of the killed runner lives on", async () =>
      (await remains(killed.dataDir)).length === 0 ? true : undefined,
    );
    await killed.wipe();

    const planned = await answered(feed, lost.turnId);
    expect(planned.text).toBe("It is planned.");
    expect(runnerOf(feed, planned.runId)).toBe(left.name);
    expect(planned.continued).toEqual({ how: "resumed" });
    const last = await say(town, feed, "What do you remember?");
    expect(last.text).toBe("Word lanternfish, Seven lamps; nothing replayed.");
    expect(runnerOf(feed, last.runId)).toBe(left.name);

    const convoys = await town.client.call("convoy.list", {});
    expect(convoys.map(({ convoy }) => convoy.title)).toEqual(["Two steps"]);
    const beads = await town.client.call("bead.list", {});
    expect(beads.map(({ title }) => title).toSorted()).toEqual(["First step", "Second step"]);
    expect(conversation(feed)).toEqual([
      "Remember this. The word is lanternfish.",
      "I keep it in mind.",
      "How many lamps does the fish have?",
      "Seven of them.",
      "Plan it in two steps.",
      "It is planned.",
      "What do you remember?",
      "Word lanternfish, Seven lamps; nothing replayed.",
    ]);
  },
  LIMIT_MS,
);

async function ready(town: WholeTown, feed: ChangeFeed): Promise<void> {
  const remote = await makeRepository(join(town.dir, "sample"), "bare");
  await town.client.call("rig.add", { name: "sample", remote, gates: [] });
  await feed.until("the rig was judged", () =>
    feed.all("rig").find(({ state }) => state === "ready"),
  );
  await feed.until("both runners had joined", () =>
    feed.all("runner").filter(({ state }) => state === "connected").length === 2 ? true : undefined,
  );
}

async function say(town: WholeTown, feed: ChangeFeed, text: string) {
  const { turnId } = await town.client.call("mayor.say", { text });
  return answered(feed, turnId);
}

/** The Mayor's entry of a turn that is over. */
function answered(feed: ChangeFeed, turnId: string) {
  return feed.until(`the answer of ${turnId}`, () => {
    const entry = feed.all("chat").find(({ id }) => id === turnId);
    if (entry?.state === "failed") throw new Error(`the turn failed: ${entry.note}`);
    return entry?.state === "done" ? entry : undefined;
  });
}

function runnerOf(feed: ChangeFeed, runId: string | null): string | undefined {
  const run = feed.all("run").find(({ id }) => id === runId);
  return feed.all("runner").find(({ id }) => id === run?.runnerId)?.name;
}

/** The last turn of the snapshot that the town has. */
function lastKept(dataDir: string): string | null {
  const db = new Database(join(dataDir, "town.db"), { readonly: true });
  try {
    db.run("pragma busy_timeout = 5000");
    return db.query<{ id: string }, []>("select turn_id as id from snapshots").get()?.id ?? null;
  } finally {
    db.close();
  }
}

/** The one that holds the run first. */
function inOrder(
  feed: ChangeFeed,
  runId: string,
  [a, b]: readonly [RunnerProcess, RunnerProcess],
): [RunnerProcess, RunnerProcess] {
  return runnerOf(feed, runId) === a.name ? [a, b] : [b, a];
}

/** What was said, in order. */
function conversation(feed: ChangeFeed): string[] {
  return feed
    .all("chat")
    .toSorted((a, b) => a.at - b.at || (a.kind === "person" ? -1 : 1))
    .map(({ text }) => text);
}
