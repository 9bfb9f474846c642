import { afterEach, beforeEach, expect, test } from "bun:test";
import { exit, openStage, PlayedRunner, type Stage } from "./stage.ts";
import type { Offer, TurnSpec } from "../../../protocol/index.ts";

let stage: Stage;
let runner: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage({ workAttemptsMax: 1 });
  runner = new PlayedRunner(stage);
  await runner.hello();
  rig = await stage.readyRig(runner);
});
afterEach(() => stage[Symbol.asyncDispose]());

/** Its bead fails at the first try; it asked and called for help before. */
async function trouble(title: string): Promise<void> {
  const before = stage.port.offers.length;
  const { id } = await stage.do("bead.sling", { rig, title });
  const { spec } = await stage.offered("work", before);
  await runner.tell(spec, { kind: "started" }, { kind: "progress", what: "tool" });
  const { connection } = runner;
  const call = { connection, runId: spec.runId, fence: spec.fence, turnId: null };
  const help = { title: "No disk", body: "", severity: "low" };
  const key = `key-of-help-with-${id}`;
  await stage.core.tool(runner.id, { ...call, tool: "gt_escalate", arguments: help, key });
  const asked = { question: "Tabs or spaces?" };
  const askKey = `key-of-question-${id}`;
  await stage.core.tool(runner.id, { ...call, tool: "gt_ask", arguments: asked, key: askKey });
  await runner.tell(spec, exit("no_result"));
  await stage.until(async () => ((await stage.issue(id)).status === "failed" ? true : undefined));
}

function turnOf({ spec }: Offer): TurnSpec {
  if (spec.kind !== "session" || !spec.turns[0]) throw new Error("not a session");
  return spec.turns[0];
}

async function say(text: string): Promise<Offer> {
  const before = stage.port.offers.length;
  await stage.do("mayor.say", { text });
  return stage.offered("session", before);
}

test("[D16] what happened waits for a person's turn of the Mayor, is given once, and starts nothing by itself", async () => {
  await trouble("Sort");
  expect(stage.port.offers.some(({ spec }) => spec.kind === "session")).toBe(false);
  await stage.restart();
  await runner.hello();
  const first = await say("What is going on?");
  const { digest, text, turnId } = turnOf(first);
  expect(text).toBe("What is going on?");
  expect(digest.map((line) => line.split(" ")[0])).toEqual([
    "escalated",
    "asked",
    "failed",
    "escalated",
  ]);
  expect(digest.join("\n")).toContain("“No disk”: low, for you to judge");
  expect(digest.join("\n")).toContain("“Failed: Sort”: high, a person is told");

  // Run again after a crash: the same digest, though more has happened.
  const before = stage.port.offers.length;
  await trouble("Mend");
  await runner.tell(first.spec, exit("crashed", "killed"));
  const again = turnOf(await stage.offered("session", before));
  expect(again).toMatchObject({ turnId, digest });

  // The next turn gets what has happened since, by the run that is up.
  const second = await stage.offered("session", before);
  await runner.tell(second.spec, { kind: "started" }, { kind: "turn_started", turnId });
  const over = { text: "fine", reason: "completed", message: null } as const;
  await runner.tell(second.spec, { kind: "turn_ended", turnId, ...over });
  await stage.do("mayor.say", { text: "And now?" });
  const next = await stage.until(() => stage.port.turns.at(-1)?.turn);
  expect(next.digest).toHaveLength(4);
  expect(next.digest.join("\n")).toContain("Mend");
  expect(next.digest.join("\n")).not.toContain("“Sort”");
  const third = { turnId: next.turnId, ...over };
  await runner.tell(second.spec, { kind: "turn_started", turnId: next.turnId });
  await runner.tell(second.spec, { kind: "turn_ended", ...third });
  await stage.do("mayor.say", { text: "Anything else?" });
  const last = await stage.until(() =>
    stage.port.turns.length > 1 ? stage.port.turns.at(-1)?.turn : undefined,
  );
  expect(last.digest).toEqual([]);
});

test("[D16] the Mayor acknowledges and resolves what it judged, when a person asked it to", async () => {
  await trouble("Sort");
  const [low] = await stage.do("escalation.list", { target: "mayor" });
  expect(low).toMatchObject({ title: "No disk", severity: "low" });
  const { spec } = await say("Clear that up");
  const turnId = spec.kind === "session" ? (spec.turns[0]?.turnId ?? null) : null;
  const act = (args: object, key: string) =>
    stage.core.tool(runner.id, {
      ...{ connection: runner.connection, runId: spec.runId, fence: spec.fence, turnId },
      ...{ tool: "gt_escalation", arguments: args, key },
    });
  const escalation = low?.id;
  const bad = await act({ escalation, action: "shout" }, "key-of-a-bad-call");
  expect(bad.ok && bad.value.isError).toBe(true);
  await act({ escalation, action: "resolve", note: "known" }, "key-of-a-good-call");
  const [resolved] = await stage.do("escalation.list", { state: "resolved" });
  expect(resolved).toMatchObject({ id: escalation, resolution: "known" });
});
