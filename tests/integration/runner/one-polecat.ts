// One polecat's work on a stage: the turns of its script, and what is seen of it.
import { expect } from "bun:test";
import { join } from "node:path";
import type { AgentEventBody } from "../../../protocol/stream.ts";
import { personGit } from "../../support/git-rig.ts";
import { rigSpec, workSpec } from "./specs.ts";
import type { Stage } from "./stage.ts";

type WorkSpec = ReturnType<typeof workSpec>;

/** A script in which every polecat answers with these turns. */
export const polecat = (...turns: object[]) => ({
  name: "polecat",
  entries: [{ role: "polecat" as const, turns }],
});

/** A turn that runs a command in the agent's shell. */
export const bash = (command: string) => ({
  text: "# Writing\n",
  tools: [{ name: "bash", arguments: { command, description: "Writes" } }],
});

/** The turn that hands the work in. */
export const done = { tools: [{ name: "gt_done", arguments: { summary: "Wrote a line." } }] };

/** What the run told of its agent so far. */
export const eventsOf = (stage: Stage, runId: string): AgentEventBody[] =>
  stage.town.of("events", runId).flatMap(({ events: batch }) => batch.map(({ body }) => body));

/** The runner's store of the run's rig. */
export const storeOf = (stage: Stage, spec: WorkSpec): string =>
  join(stage.dataDir, "runner", "rigs", spec.rig.id, "store.git");

/** A file's text in a commit of the rig's store, without its last line end. */
export const shownIn = (stage: Stage, spec: WorkSpec, oid: string, path: string) =>
  personGit(storeOf(stage, spec), "show", `${oid}:${path}`);

/** Offers work to the first runner that says hello, which takes it. */
export async function offerWork(
  stage: Stage,
  more: Parameters<typeof workSpec>[1] = {},
  rigMore: Parameters<typeof rigSpec>[1] = {},
): Promise<WorkSpec> {
  const { town } = stage;
  await town.until(() => town.hellos[0]);
  const spec = workSpec(rigSpec(stage.remoteDir, rigMore), {
    program: stage.program,
    ...more,
  });
  expect(await town.offer(spec)).toEqual({ ok: true, value: { accepted: true } });
  return spec;
}
