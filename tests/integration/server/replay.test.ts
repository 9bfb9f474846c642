// A recorded town's slice, given to another town, leads to the same data; what is no slice is refused.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import fc from "fast-check";
import { join } from "node:path";
import { Recorder } from "../../../server/replay/recorder.ts";
import {
  exportSlice,
  layBase,
  openRecording,
  unpackSlice,
  type Recording,
} from "../../../server/replay/recording.ts";
import { replaySlice, type Replayed } from "../../../server/replay/replay.ts";
import type { Entry, Slice } from "../../../server/replay/slice.ts";
import { openTown } from "../../../server/town.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { exit, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";

const SEED = Number(process.env["GASTOWN_TEST_SEED"] ?? "1");
const KEY = "a-model-key-that-nobody-may-see";
const TOKEN = `ghp_${"a1B2".repeat(9)}`;
const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

let stage: Stage;
let runner: PlayedRunner;
let recording: Recording;
let rig: string;
/** From its second start on: what it has by then is the slice's beginning. */
beforeEach(async () => {
  stage = await openStage({ workAttemptsMax: 2 });
  runner = new PlayedRunner(stage);
  await runner.hello({ slots: 2 });
  rig = await stage.readyRig(runner, { codeReview: false });
  await stage.do("model.set", {
    provider: "openai-compatible",
    baseUrl: "http://127.0.0.1:9",
    model: "m",
    key: KEY,
  });
  await stage.do("bead.sling", { rig, title: "From before", body: `with ${TOKEN}`, held: true });
  await stage.stop();
  const opened = openRecording(stage.dir.path);
  if (!opened.ok) throw new Error(opened.error.message);
  recording = opened.value;
  stage.opens = async (options) => {
    const recorder = new Recorder(options, {
      write: (line) => recording.write(line),
      ended: quiet,
    });
    const town = await openTown(recorder.options);
    return { core: recorder.core(town.core), stop: () => town.stop() };
  };
  await stage.open();
  await runner.hello({ slots: 2 });
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

async function sliceOf(): Promise<Slice> {
  await stage.stop();
  recording.close();
  const packed = await exportSlice(stage.dir.path);
  if (!packed.ok) throw new Error(packed.error.message);
  const slice = unpackSlice(packed.value, "1.2.3");
  if (!slice.ok) throw new Error(slice.error.message);
  return slice.value;
}

/** Every row but those that hold secrets, show the end of the model's key, or were left out of the beginning. */
function rowsOf(file: string): Record<string, unknown[]> {
  const db = new Database(file, { strict: true });
  const tables = db
    .query<{ name: string }, []>(
      "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not in ('secrets', 'changes', 'audit')",
    )
    .all();
  const rows = Object.fromEntries(
    tables.map(({ name }) => [name, db.query(`select * from "${name}"`).all()]),
  );
  db.close();
  return JSON.parse(JSON.stringify(rows).replaceAll(TOKEN, "[redacted]")) as Record<
    string,
    unknown[]
  >;
}

async function replayed(
  slice: Slice,
): Promise<{ done: Replayed; rows: Record<string, unknown[]> }> {
  await using dir = await tempDir("replay");
  await layBase(slice, dir.path);
  const done = await replaySlice(slice, { data: dir.path, log });
  if (!done.ok) throw new Error(done.error.message);
  return { done: done.value, rows: rowsOf(join(dir.path, "town.db")) };
}

const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("sling" as const), on: fc.nat(3) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("work" as const), well: fc.boolean() }) },
  fc.record({ do: fc.constant("cancel" as const), bead: fc.nat(5) }),
  fc.record({ do: fc.constant("convoy" as const) }),
  fc.record({ do: fc.constant("ask" as const) }),
  fc.record({ do: fc.constant("say" as const) }),
  fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(1_000, 70_000, 400_000) }),
  fc.record({ do: fc.constant("hello" as const) }),
  fc.record({ do: fc.constant("beat" as const) }),
  fc.record({ do: fc.constant("refused" as const) }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

let answered = 0;
async function act(op: Operation): Promise<void> {
  switch (op.do) {
    case "sling":
      await stage.do("bead.sling", { rig, title: `Bead ${op.on}`, body: `use ${TOKEN}` });
      return;
    case "work": {
      const offer = stage.port.offers[answered];
      if (!offer) return;
      answered += 1;
      const said = { kind: "events" as const, events: [] };
      const ended =
        op.well && offer.spec.kind === "work" ? [workDone, exit("done")] : [exit("crashed")];
      await runner.tell(offer.spec, said);
      await runner.tell(offer.spec, { kind: "started" }, ...ended);
      return;
    }
    case "cancel": {
      const beads = await stage.do("bead.list", {});
      await stage.codeOf("bead.cancel", { bead: beads[op.bead]?.id ?? "none" });
      return;
    }
    case "convoy": {
      const tasks = ["a", "b"].map((key) => ({ key, title: key }));
      await stage.do("convoy.sling", { rig, title: "Both", tasks, parallel: true });
      return;
    }
    case "ask": {
      const spec = stage.port.offers[answered]?.spec;
      if (spec?.kind !== "work") return;
      const { runId, fence } = spec;
      const of = { connection: runner.connection, runId, fence, turnId: null };
      const given = { tool: "gt_ask", arguments: { question: "Which?" }, key: crypto.randomUUID() };
      await stage.core.tool(runner.id, { ...of, ...given });
      return;
    }
    case "say":
      await stage.do("mayor.say", { text: "hello" });
      return;
    case "pass":
      await stage.pass(op.ms);
      await stage.tick();
      return;
    case "hello":
      await runner.hello({ slots: 2 });
      return;
    case "beat":
      await stage.core.heartbeat(runner.id, {
        connection: runner.connection,
        lastOfferSeq: 0,
        runs: [],
      });
      return;
    case "refused":
      await stage.codeOf("bead.sling", { rig: "nowhere", title: "x" });
  }
}

test("[F10] what a town was given leads another town to the same data, step by step", async () => {
  const [operations = []] = fc.sample(
    fc.array(operation, { minLength: 60, maxLength: 60, size: "max" }),
    { numRuns: 1, seed: SEED },
  );
  answered = stage.port.offers.length;
  for (const op of operations) await act(op);
  const slice = await sliceOf();
  const { done, rows } = await replayed(slice);
  expect(done.entries).toBe(slice.entries.length);
  expect(done.states).toBeGreaterThan(30);
  expect(rows).toEqual(rowsOf(stage.databaseFile));
}, 60_000);

test("[F10] [C7] what people let runners have, and what a hello says of it, is in a slice", async () => {
  await stage.do("runner.label", { runner: runner.id, labels: ["gpu"] });
  await stage.do("rig.update", { rig, set: { labels: ["gpu"] } });
  await stage.do("runner.rights", { runner: runner.id, rights: ["merge"] });
  runner.rights = ["model"];
  await runner.hello({ slots: 2 });
  await stage.do("bead.sling", { rig, title: "Labelled" });
  const slice = await sliceOf();
  const { rows } = await replayed(slice);
  expect(rows).toEqual(rowsOf(stage.databaseFile));
  expect(rows["runners"]).toMatchObject([{ rights: '["model"]', labels: '["gpu"]' }]);
});

test("[F10] [C16] what calls through the town used is in a slice", async () => {
  await stage.do("runner.rights", { runner: runner.id, rights: ["merge"] });
  const before = stage.port.offers.length;
  await stage.do("bead.sling", { rig, title: "Relayed" });
  const { spec } = await stage.offered("work", before);
  const used = { model: "m", inputTokens: 7, outputTokens: 5, reasoningTokens: 0 };
  const cached = { cacheReadTokens: 0, cacheWriteTokens: 0 };
  await stage.core.modelUsed(spec.runId, {
    ...{ ...used, ...cached, costUsd: null, durationMs: 1, status: 200 },
  });
  const { rows } = await replayed(await sliceOf());
  expect(rows).toEqual(rowsOf(stage.databaseFile));
  expect(rows["usage"]).toMatchObject([{ run_id: spec.runId, input_tokens: 7 }]);
});

test("[F10] [R9] no secret is in a recording or a slice: no key, no token, nothing that was sealed", async () => {
  await stage.do("model.set", {
    provider: "openai-compatible",
    baseUrl: "http://127.0.0.1:9",
    model: "m",
    key: `${KEY}-new`,
  });
  await stage.do("bead.sling", {
    rig,
    title: "Ship",
    body: `with ${TOKEN} and ${KEY}`,
    held: true,
  });
  const token = await stage.do("token.create", { role: "runner", rights: ["model", "merge"] });
  await stage.do("mayor.say", {
    text: `Bearer ${"x".repeat(40)} at https://me:hush@host.example/x`,
  });
  const recorded = await Bun.file(join(stage.dir.path, "recording", "log.jsonl")).text();
  const slice = await sliceOf();
  const base = Buffer.from(slice.header.base ?? "", "base64").toString("latin1");
  for (const text of [recorded, JSON.stringify(slice.entries), base]) {
    for (const secret of [KEY, TOKEN, token.token, "x".repeat(40), "me:hush"])
      expect(text).not.toContain(secret);
  }
  const sealed = new Database(stage.databaseFile)
    .query<{ sealed: string }, []>("select sealed from secrets")
    .all();
  expect(sealed).not.toEqual([]);
  for (const row of sealed) expect(base).not.toContain(row.sealed);
  expect((await replayed(slice)).done.states).toBeGreaterThan(0);
});

test("[F10] a replay that goes another way says at which entry", async () => {
  await stage.do("bead.sling", { rig, title: "One" });
  await stage.do("bead.sling", { rig, title: "Two" });
  const slice = await sliceOf();
  const at = slice.entries.findLastIndex((entry) => entry.in === "call");
  const changed = (entry: Entry): Entry =>
    entry.in === "call" ? { ...entry, body: { rig, title: "Three" } } : entry;
  const faults = [
    slice.entries.with(at, changed(slice.entries[at] as Entry)),
    slice.entries.toSpliced(at, 1),
    [...slice.entries, { in: "run" as const, at: 0, mono: 0, n: 99_999 }],
    [...slice.entries, { in: "answer" as const, at: 0, mono: 0, n: 99_999, ack: null }],
  ];
  for (const entries of faults) {
    await using dir = await tempDir("replay");
    await layBase(slice, dir.path);
    const done = await replaySlice({ ...slice, entries }, { data: dir.path, log });
    expect(done.ok ? "same" : done.error.message).toMatch(/^entry \d+ of \d+: the town/);
  }
});

test("[F10] what is no slice, another version's, or broken, is refused with what to do", async () => {
  await stage.do("bead.sling", { rig, title: "One" });
  const { header, entries } = await sliceOf();
  const lines = [header, ...entries].map((each) => JSON.stringify(each));
  const packed = (text: string) => Bun.gzipSync(Buffer.from(text));
  const whole = `${lines.join("\n")}\n`;
  expect(unpackSlice(packed(whole), "1.2.3").ok).toBe(true);
  const refused = (bytes: Uint8Array<ArrayBuffer>, version = "1.2.3") => {
    const slice = unpackSlice(bytes, version);
    return slice.ok ? "ok" : `${slice.error.code}: ${slice.error.message}`;
  };
  expect(refused(new Uint8Array([1, 2, 3]))).toContain("invalid_body: this is no slice");
  expect(refused(packed("hello"))).toContain("invalid_body: this is no slice");
  expect(refused(packed(whole), "9.9.9")).toContain("protocol_version: this slice was recorded by");
  expect(refused(packed(whole.slice(0, -5)))).toContain("ends within a line");
  expect(refused(packed(whole.replace('"in":"hello"', '"in":"goodbye"')))).toMatch(/line \d+ of/);
  expect(refused(packed(whole.replace('"seed":', '"sead":')))).toContain("header of this slice");
  await using empty = await tempDir("no-recording");
  const none = await exportSlice(empty.path);
  expect(none.ok ? "" : none.error.message).toContain("gastown up --record");
});
