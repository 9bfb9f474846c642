// Rework in the session of its author: what a played runner hands over, and what the next run of the bead is offered.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type {
  FactBody,
  FactOf,
  Offer,
  Result,
  RunSpecOf,
  Snapshot,
} from "../../../protocol/index.ts";
import { eventually } from "../../kill/eventually.ts";
import { exit, HEAD, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";

let stage: Stage;
let runner: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage();
  runner = new PlayedRunner(stage);
  await runner.hello();
  rig = await stage.readyRig(runner);
});
afterEach(() => stage[Symbol.asyncDispose]());

type Work = RunSpecOf<"work">;

const green: FactOf<"checked"> = {
  ...{ kind: "checked", headOid: HEAD, green: true, gates: [], conflicts: [], reason: null },
};
const verdict = (said: "approve" | "request_changes"): FactBody => ({
  ...{ kind: "verdict", headOid: HEAD, verdict: said, summary: "Say more.", comments: [] },
});
const full = (tokens: number): FactBody => ({
  ...{ kind: "context", tokens, windowTokens: 200_000, compactions: 0 },
});
const bytesOf = (spec: Work) => new TextEncoder().encode(`what ${spec.runId} remembers`);

function snapshotOf(spec: Work): Snapshot {
  const bytes = bytesOf(spec);
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  return { turnId: null, program: "kilo", sha256, bytes: bytes.byteLength };
}

const holder = ({ runId, fence }: Work) => ({ connection: runner.connection, runId, fence });
const codeOf = (result: Result<unknown>) => (result.ok ? "ok" : result.error.code);

async function keep(spec: Work, change: Partial<Snapshot> = {}): Promise<string> {
  const snapshot = { ...snapshotOf(spec), ...change };
  const data = Buffer.from(bytesOf(spec)).toString("base64");
  const put = await stage.core.snapshot_put(runner.id, {
    ...{ ...holder(spec), snapshot, offset: 0, data },
  });
  if (!put.ok) return put.error.code;
  return codeOf(await stage.core.snapshot_keep(runner.id, { ...holder(spec), snapshot }));
}

async function next<K extends "work" | "check" | "review">(kind: K): Promise<RunSpecOf<K>> {
  const isNew = ({ spec }: Offer) => spec.kind === kind && !done.has(spec.runId);
  const { spec } = await stage.until(() => stage.port.offers.find(isNew));
  done.add(spec.runId);
  return spec as RunSpecOf<K>;
}
const done = new Set<string>();

/** A bead's first run, which has worked and still lives. */
async function working(): Promise<{ bead: string; spec: Work }> {
  const bead = (await stage.do("bead.sling", { rig, title: "Sort" })).id;
  const spec = await next("work");
  await runner.tell(spec, { kind: "started" }, { kind: "progress", what: "tool" });
  return { bead, spec };
}

/** The work is handed in and comes back from the refinery. */
async function returned(spec: Work): Promise<Work> {
  await runner.tell(spec, workDone, exit("done"));
  await runner.tell(await next("check"), { kind: "started" }, green, exit("done"));
  const review = await next("review");
  await runner.tell(review, { kind: "started" }, verdict("request_changes"), exit("done"));
  return next("work");
}

const blobs = () => readdir(join(stage.dir.path, "blobs"));

test("[C10] a rework is offered its author's session, under the next fence, and the run says that it went on there", async () => {
  const { bead, spec } = await working();
  expect(spec).toMatchObject({ remember: true, snapshot: null, noSnapshot: null });
  await runner.tell(spec, full(90_000));
  expect(await keep(spec)).toBe("ok");
  const rework = await returned(spec);
  expect(rework).toMatchObject({ snapshot: snapshotOf(spec), noSnapshot: null });
  expect(rework.fence.n).toBeGreaterThan(spec.fence.n);
  expect(rework.bead.feedback).toMatchObject({ source: "refinery" });
  const { sha256 } = snapshotOf(spec);
  const piece = await stage.core.snapshot_get(runner.id, { ...holder(rework), sha256, offset: 0 });
  expect(piece.ok && Buffer.from(piece.value.data, "base64").equals(bytesOf(spec))).toBe(true);
  await runner.tell(rework, { kind: "started", began: { how: "resumed" } });
  expect(await stage.do("run.get", { run: rework.runId })).toMatchObject({
    began: { how: "resumed" },
  });
  const { events } = await stage.bead(bead);
  expect(events.map(({ text }) => text)).toContainEqual(
    expect.stringContaining("in its author's session"),
  );
});

test("[C10] a conflict with the target comes back to its author's session too", async () => {
  const { spec } = await working();
  await runner.tell(spec, full(9_000));
  await keep(spec);
  await runner.tell(spec, workDone, exit("done"));
  const conflict: FactBody = { ...green, green: false, conflicts: ["list.ts"] };
  await runner.tell(await next("check"), { kind: "started" }, conflict, exit("done"));
  const rework = await next("work");
  expect(rework).toMatchObject({ snapshot: snapshotOf(spec) });
  expect(rework.bead).toMatchObject({ round: 2, feedback: { source: "merge" } });
});

test("[C10] a rework begins afresh, and is told why, when its author's session is too full, too old or not known", async () => {
  const { spec } = await working();
  expect(await keep(spec)).toBe("ok");
  const unknown = await returned(spec);
  expect(unknown).toMatchObject({ snapshot: null, noSnapshot: expect.stringMatching("not known") });
  await runner.tell(unknown, { kind: "started" }, full(100_001));
  expect(await keep(unknown)).toBe("ok");
  const tooFull = await returned(unknown);
  expect(tooFull.noSnapshot).toContain("more than half");
  await runner.tell(tooFull, { kind: "started" }, full(9_000));
  expect(await keep(tooFull)).toBe("ok");
  await stage.do("settings.set", { key: "authorSessionMs", value: 1, rig });
  await stage.pass(1_000);
  expect((await returned(tooFull)).noSnapshot).toContain("too long ago");
});

test("[C10] what another run has worked on since is not gone on with, and a run that never began does not count", async () => {
  const { spec } = await working();
  await runner.tell(spec, full(9_000));
  await keep(spec);
  const rework = await returned(spec);
  await runner.tell(rework, exit("rejected", "draining"));
  const again = await next("work");
  expect(again.snapshot).toEqual(snapshotOf(spec));
  await runner.tell(again, { kind: "started" }, { kind: "progress", what: "tool" }, exit("lost"));
  const last = await next("work");
  expect(last).toMatchObject({ snapshot: null, noSnapshot: expect.stringMatching("Another run") });
});

test("[C10] what an author remembers is one per bead, and goes with its file when the bead closes or is deleted", async () => {
  const { bead, spec } = await working();
  await runner.tell(spec, full(9_000));
  await keep(spec);
  const rework = await returned(spec);
  await runner.tell(rework, { kind: "started" }, full(12_000));
  expect(await keep(rework)).toBe("ok");
  expect(await blobs()).toEqual([snapshotOf(rework).sha256]);
  await runner.tell(rework, exit("no_result", "silent"));
  await stage.do("bead.close", { bead, outcome: "answered", reason: "" });
  await eventually("the file is gone", async () =>
    (await blobs()).length === 0 ? true : undefined,
  );
  const other = await working();
  await keep(other.spec);
  await runner.tell(other.spec, exit("no_result", "silent"));
  await stage.do("bead.hold", { bead: other.bead });
  await stage.do("bead.delete", { bead: other.bead });
  await eventually("the file is gone", async () =>
    (await blobs()).length === 0 ? true : undefined,
  );
});

test("[C10] [F5] a rig that is gone for good leaves nothing of what the authors of its beads remember", async () => {
  const { spec } = await working();
  expect(await keep(spec)).toBe("ok");
  await stage.do("rig.remove", { rig, work: "drop" });
  await stage.until(() => stage.port.stops.find(({ runId }) => runId === spec.runId));
  await runner.tell(spec, exit("stopped_by_person"));
  await stage.until(async () => (await stage.do("trash.list", {})).at(0) ?? undefined);
  expect(await blobs()).toEqual([snapshotOf(spec).sha256]);
  await stage.do("rig.purge", { rig });
  await eventually("the file is gone", async () =>
    (await blobs()).length === 0 ? true : undefined,
  );
});

test("[C10] of beads whose author's session is kept the 64 last ones are, and the oldest file goes", async () => {
  const { spec } = await working();
  using db = new Database(stage.databaseFile);
  const add = db.prepare(
    "insert into snapshots (resource, run_id, program, sha256, bytes, at) values (?, 'rn', 'kilo', ?, 1, ?)",
  );
  for (let n = 1; n <= 64; n++) add.run(`bead:bd_${n}`, `${n}`.padStart(64, "0"), n);
  expect(await keep(spec)).toBe("ok");
  const kept = db.query<{ resource: string }, []>("select resource from snapshots order by at");
  const left = kept.all().map(({ resource }) => resource);
  expect(left).toHaveLength(64);
  expect([left[0], left.at(-1)]).toEqual(["bead:bd_2", spec.resource]);
});

test("[C10] a town that was killed before the file was gone removes it at its start", async () => {
  const { bead, spec } = await working();
  await keep(spec);
  await stage.restart();
  expect(await blobs()).toEqual([snapshotOf(spec).sha256]);
  await runner.hello({ incarnation: 2 });
  await runner.tell(spec, exit("no_result", "silent"));
  await stage.do("bead.close", { bead, outcome: "answered", reason: "" });
  await eventually("the file is gone", async () =>
    (await blobs()).length === 0 ? true : undefined,
  );
});

test("[C10] [C23] only a run that may be remembered is kept, of its own program, and another bead's is not given", async () => {
  await stage.do("settings.set", { key: "authorSessionMs", value: 0, rig });
  const forgotten = await working();
  expect(forgotten.spec.remember).toBe(false);
  expect(await keep(forgotten.spec)).toBe("forbidden");
  await stage.do("settings.unset", { key: "authorSessionMs", rig });
  const { spec } = await working();
  expect(await keep(spec, { program: "opencode" })).toBe("forbidden");
  const { turnId } = await stage.do("mayor.say", { text: "Hello" });
  expect(await keep(spec, { turnId })).toBe("illegal_transition");
  expect(await keep(spec)).toBe("ok");
  const { sha256 } = snapshotOf(spec);
  const wish = { ...holder(forgotten.spec), sha256, offset: 0 };
  expect(codeOf(await stage.core.snapshot_get(runner.id, wish))).toBe("forbidden");
  await runner.tell(spec, exit("done"));
  expect(await keep(spec)).toBe("stale_fence");
});
