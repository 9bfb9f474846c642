import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { demoScript, type DemoPlan } from "../../../demo/demo-script.ts";
import { createSampleRepository } from "../../../demo/sample-repository.ts";
import type { ModelCall } from "../../../scripted/call-log.ts";
import { scriptSchema } from "../../../scripted/script.ts";
import { startScriptedModel, type ScriptedModel } from "../../../scripted/server.ts";
import { startKilo, type KiloServer } from "./kilo-server.ts";
import { shell } from "./play-run.ts";
import { RIG_ID, startTownTools, type TownTools } from "./town-tools.ts";

const SEED = 21;
const plan: DemoPlan = demoScript(SEED);
const calls: ModelCall[] = [];
let dir: string;
let tree: string;
let model: ScriptedModel;
let town: TownTools;
let kilo: KiloServer;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "gastown-kilo-tools-"));
  tree = join(dir, "tree");
  const { bare } = await createSampleRepository({ dir, seed: SEED });
  await shell(dir, `git clone -q ${bare} ${tree}`);
  const faulty = scriptSchema.parse({ name: "faulty", entries: faultyEntries() });
  const entries = [...faulty.entries, ...plan.script.entries];
  model = startScriptedModel({
    script: { ...plan.script, entries },
    models: ["big", "small"],
    apiKey: "k",
    onCall: (call) => calls.push(call),
  });
  town = startTownTools();
  kilo = await startKilo({ tree, home: join(dir, "home"), modelUrl: model.url, mcpUrl: town.url });
}, 60_000);

afterAll(async () => {
  await kilo?.stop();
  await model?.stop();
  await town?.stop();
  await rm(dir, { recursive: true, force: true });
});

function faultyEntries() {
  const done = (summary: string) => [{ name: "gt_done", arguments: { summary } }];
  return [
    {
      role: "polecat",
      title: "Limited",
      turns: [
        {
          tools: done("after 429"),
          fault: { kind: "http", status: 429, retryAfterSeconds: 1, times: 1 },
        },
      ],
    },
    {
      role: "polecat",
      title: "Cut",
      turns: [
        {
          text: "These words break off in the middle of it all",
          tools: done("after the cut"),
          fault: { kind: "cut_stream", afterChars: 10, times: 1 },
        },
      ],
    },
    {
      role: "polecat",
      title: "Malformed",
      turns: [
        { tools: done("never"), fault: { kind: "malformed_json" } },
        { tools: done("after malformed JSON") },
      ],
    },
  ];
}

interface ToolPart {
  type: string;
  tool: string;
  state: { status: string; error?: string; output?: string };
}

/** Prompts a new session and answers every tool call it made. */
async function run(agent: string, text: string): Promise<ToolPart[]> {
  const session = await kilo.client.session.create({});
  const sessionID = session.data?.id ?? "";
  await kilo.client.session.prompt({ sessionID, agent, parts: [{ type: "text", text }] });
  const messages = await kilo.client.session.messages({ sessionID });
  return (messages.data ?? [])
    .flatMap((message) => message.parts as unknown as ToolPart[])
    .filter((part) => part.type === "tool");
}

function briefing(title: string, attempt = 2, round = 2): string {
  return `Bead: ${title}\nBead id: bd_0001\nAttempt: ${attempt}\nRound: ${round}\n\nStart with gt_prime.`;
}

test("[A1] the Mayor's wish becomes one call of gt_sling_convoy on the rig that gt_rigs names", async () => {
  const parts = await run("mayor", plan.wish);
  expect(parts.map((part) => [part.tool, part.state.status])).toEqual([
    ["gastown_gt_rigs", "completed"],
    ["gastown_gt_sling_convoy", "completed"],
  ]);
  const sling = town.seen.find((use) => use.name === "gt_sling_convoy")?.arguments as {
    rig: string;
    tasks: { title: string }[];
  };
  expect(sling.rig).toBe(RIG_ID);
  expect(sling.tasks.map((task) => task.title)).toEqual(plan.beads.map((bead) => bead.title));
}, 60_000);

test("[A1] every scripted tool call of the demo's polecats is accepted by kilo, and the gates are green", async () => {
  for (const bead of plan.beads) {
    const parts = await run("polecat", briefing(bead.title));
    expect(
      parts
        .filter((part) => part.state.status !== "completed")
        .map((part) => [part.tool, part.state.error]),
    ).toEqual([]);
    expect(parts.map((part) => part.tool)).toContain("write");
    expect(parts.at(-1)?.tool).toBe("gastown_gt_done");
    expect((await shell(tree, `grep -rhF '${bead.marker}' src | wc -l`)).output.trim()).toBe("1");
    const gates = parts.findLast((part) => part.tool === "bash");
    expect(gates?.state.output).toContain("lint: fine");
  }
  expect(await shell(tree, "bun test && sh scripts/lint.sh")).toMatchObject({ code: 0 });
  expect((await shell(tree, "git diff --stat README.md")).output).toContain("README.md");
}, 120_000);

test("[A1] the refinery reads the file and gives its verdict, with an inline comment in round 1", async () => {
  const bead = plan.beads.find((each) => each.part === "review");
  const module = join(tree, bead?.modulePath ?? "");
  const isWritten = await Bun.file(module).exists();
  if (!isWritten) await Bun.write(module, "export {};\n");
  const parts = await run("refinery", briefing(bead?.title ?? "", 1, 1));
  expect(parts.map((part) => [part.tool, part.state.status])).toEqual([
    ["gastown_gt_prime", "completed"],
    ["read", "completed"],
    ["gastown_gt_verdict", "completed"],
  ]);
  const verdict = town.seen.findLast((use) => use.name === "gt_verdict")?.arguments;
  expect(verdict).toMatchObject({
    verdict: "request_changes",
    comments: [{ file: bead?.modulePath }],
  });
  if (!isWritten) await Bun.file(module).delete();
}, 60_000);

test.each([
  ["Limited", "after 429"],
  ["Malformed", "after malformed JSON"],
])(
  "[A1] kilo gets over the fault of the bead %p",
  async (title, summary) => {
    await run("polecat", briefing(title));
    expect(calls.some((call) => call.beadTitle === title && call.fault !== null)).toBe(true);
    expect(town.seen.at(-1)).toEqual({ name: "gt_done", arguments: { summary } });
  },
  60_000,
);

test("[A1] a cut stream ends kilo's turn with a retryable error; a further prompt asks for the same turn again", async () => {
  const session = await kilo.client.session.create({});
  const sessionID = session.data?.id ?? "";
  const cut = await kilo.client.session.prompt({
    sessionID,
    agent: "polecat",
    parts: [{ type: "text", text: briefing("Cut") }],
  });
  expect(cut.data?.info).toMatchObject({
    error: { name: "APIError", data: { isRetryable: true } },
  });
  await kilo.client.session.prompt({
    sessionID,
    agent: "polecat",
    parts: [{ type: "text", text: "Please go on." }],
  });
  expect(town.seen.at(-1)).toEqual({ name: "gt_done", arguments: { summary: "after the cut" } });
}, 60_000);

test("[P15] no entry is missing, and the first request of each role is counted", async () => {
  await run("mayor", plan.wish);
  await run("polecat", briefing("Limited"));
  await run("refinery", briefing(plan.beads[0]?.title ?? "", 2, 2));
  // What stops after the terminal call is told that the script is over; that has no origin either.
  expect(calls.filter((call) => call.role !== "none" && call.origin === "unfilled")).toEqual([]);
  const { firstRequestBytesPerRole } = model.calls();
  expect(Object.keys(firstRequestBytesPerRole).toSorted()).toEqual(
    expect.arrayContaining(["mayor", "polecat", "refinery"]),
  );
}, 60_000);
