// A bead whose every run writes a line that names its attempt, and the moment in which the first has written it.
import { join } from "node:path";
import type { CommandValue } from "../../protocol/index.ts";
import type { ScriptInput } from "../../scripted/script.ts";
import { makeRepository } from "../integration/town/repositories.ts";
import { untilTopic, type WholeTown } from "../support/whole-town.ts";
import { eventually } from "./eventually.ts";

const WRITE = "mkdir -p notes; echo 'attempt {{attempt}}' > notes/{{attempt}}.md";

/**
 * Polecats that read, write, and `pauseMs` later hand in. `first`: only the bead's first one takes that long.
 * The turn between lets the runner save what was written.
 */
export function noteTaker(pauseMs: number, { first = false } = {}): ScriptInput["entries"] {
  const write = { name: "bash", arguments: { command: WRITE, description: "Writes" } };
  const entry = (ms: number) => ({
    role: "polecat" as const,
    turns: [
      { text: "# Reading\n", tools: [{ name: "gt_prime" }] },
      { text: "# Writing\n", tools: [write] },
      {
        text: "# Handing in\n",
        tools: [{ name: "gt_done", arguments: { summary: "Noted." } }],
        pauseMs: ms,
      },
    ],
  });
  return first ? [{ ...entry(pauseMs), attempt: 1 }, entry(0)] : [entry(pauseMs)];
}

/** A rig that merges what is done in it. */
export async function addRig(
  town: WholeTown,
  { codeReview = true } = {},
): Promise<{ remote: string; rigId: string }> {
  const remote = await makeRepository(join(town.dir, "rig"), "bare");
  const gates = [{ name: "check", command: "sh check.sh" }];
  const wish = { name: "rig", remote, delivery: "merge", codeReview, gates } as const;
  const rig = await town.client.call("rig.add", wish);
  return { remote, rigId: rig.id };
}

/** Slings the bead and waits until its agent has written and is asked what comes next. */
export async function untilNoted(
  town: WholeTown,
  rigId: string,
): Promise<{ beadId: string; runId: string }> {
  const { id: beadId } = await town.client.call("bead.sling", { rig: rigId, title: "Note it" });
  const run = await untilTopic(town, `bead:${beadId}`, (state) =>
    state.all("run").find(({ kind, state: at }) => kind === "work" && at === "running"),
  );
  await eventually("the agent has written", () =>
    Promise.resolve(turnsOf(town).includes(2) || undefined),
  );
  return { beadId, runId: run.id };
}

/** Which turns the polecats of an attempt were asked for, in order. */
export function turnsOf({ calls }: WholeTown, attempt = 1): number[] {
  const asked = calls.filter((call) => call.role === "polecat" && call.attempt === attempt);
  return asked.map(({ turnIndex }) => turnIndex);
}

/** Work runs of the bead, in their order, without offers that came while their runner still ended an older run. */
export async function worksOf(
  town: WholeTown,
  beadId: string,
): Promise<CommandValue<"bead.get">["runs"]> {
  const { runs } = await town.client.call("bead.get", { bead: beadId });
  const works = runs.filter(({ kind, reason }) => kind === "work" && reason?.code !== "older_run");
  return works.toSorted((a, b) => a.fence.n - b.fence.n);
}
