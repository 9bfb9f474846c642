import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FactBody } from "../../protocol/facts.ts";
import { systemClock, systemRandom } from "../clock.ts";
import { fileDisk, type SqlDatabase } from "./disk.ts";
import { Identity } from "./identity.ts";
import { Journals } from "./journals.ts";
import { awaitDirectory, lockDirectory } from "./lock.ts";
import { openSpoolDatabase } from "./open.ts";
import { Spool } from "./spool.ts";

const fence = { epoch: 1, n: 1 };
const clock = systemClock;
const phase = (name: string): FactBody => ({ kind: "phase", phase: name });
let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "gastown-spool-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function openDb(): SqlDatabase {
  const opened = openSpoolDatabase(fileDisk(join(dir, "spool.db")), systemRandom);
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}
function open(bytesMax?: number): Spool {
  return new Spool(openDb(), { clock, ...(bytesMax === undefined ? {} : { bytesMax }) });
}
const phases = (spool: Spool, after = 0) =>
  spool
    .pending(after, 64, 1_000_000)
    .map(({ seq, body }) => [seq, body.kind === "phase" ? body.phase : body.kind]);

test("[C6] facts keep the order in which they were appended, together or one by one", async () => {
  const spool = open();
  const first = spool.append({ runId: "a", fence, body: phase("one") });
  const second = spool.append({ runId: "b", fence, body: phase("two") });
  expect(spool.appendNow({ runId: "a", fence, body: phase("three") })).toBe(3);
  expect(await Promise.all([first, second])).toEqual([1, 2]);
  expect(phases(spool)).toEqual([
    [1, "one"],
    [2, "two"],
    [3, "three"],
  ]);
  spool.close();
});

test("[C6] an acknowledgement prunes, and sequences are never reused, also after a restart", () => {
  const spool = open();
  for (const name of ["one", "two", "three"])
    spool.appendNow({ runId: "a", fence, body: phase(name) });
  spool.ack(2);
  expect(phases(spool)).toEqual([[3, "three"]]);
  spool.ack(3);
  spool.ack(1);
  const { epoch } = spool;
  spool.close();
  const again = open();
  expect([again.epoch, again.seq, again.ackedSeq]).toEqual([epoch, 3, 3]);
  expect(again.appendNow({ runId: "a", fence, body: phase("four") })).toBe(4);
  again.close();
});

test("[C6] what was appended survives a process that is killed in mid-append", async () => {
  const script = `
    import { openSpoolDatabase } from ${JSON.stringify(join(import.meta.dir, "open.ts"))};
    import { fileDisk } from ${JSON.stringify(join(import.meta.dir, "disk.ts"))};
    import { Spool } from ${JSON.stringify(join(import.meta.dir, "spool.ts"))};
    import { systemClock, systemRandom } from ${JSON.stringify(join(import.meta.dir, "../clock.ts"))};
    const opened = openSpoolDatabase(fileDisk(${JSON.stringify(join(dir, "spool.db"))}), systemRandom);
    const spool = new Spool(opened.value, { clock: systemClock });
    for (let n = 1; ; n++) {
      const seq = await spool.append({ runId: "a", fence: { epoch: 1, n: 1 }, body: { kind: "phase", phase: "p" + n } });
      process.stdout.write(seq + "\\n");
    }`;
  const child = Bun.spawn([process.execPath, "-e", script], {
    stdout: "pipe",
    stderr: "inherit",
    env: { ...process.env },
  });
  let told = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    told += decoder.decode(chunk);
    if (told.split("\n").length > 40) child.kill("SIGKILL");
  }
  await child.exited;
  const last = Number(told.slice(0, told.lastIndexOf("\n")).split("\n").at(-1));
  const spool = open();
  expect(last).toBeGreaterThanOrEqual(40);
  expect(spool.seq).toBeGreaterThanOrEqual(last);
  expect(phases(spool).slice(0, 3)).toEqual([
    [1, "p1"],
    [2, "p2"],
    [3, "p3"],
  ]);
  spool.close();
});

test("[C6] a full spool gives up event batches first, in their places, and says so", () => {
  const spool = open(20_000);
  const body = { kind: "text" as const, partId: "t", text: "x".repeat(4_000), done: false };
  for (let seq = 1; seq <= 8; seq++)
    spool.appendNow({
      runId: "a",
      fence,
      body: { kind: "events", events: [{ seq, at: 1, turnId: null, body }] },
    });
  spool.appendNow({ runId: "a", fence, body: phase("last") });
  const facts = spool.pending(0, 64, 1_000_000);
  expect(facts.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const kinds = facts.map(({ body: fact }) =>
    fact.kind === "events" ? (fact.events[0]?.body.kind ?? "") : fact.kind,
  );
  expect(kinds.slice(0, 2)).toEqual(["notice", "notice"]);
  expect(kinds.slice(-2)).toEqual(["text", "phase"]);
  spool.close();
});

test("[C6] a batch stays within count and bytes, and is never empty", () => {
  const spool = open();
  for (let n = 0; n < 5; n++)
    spool.appendNow({ runId: "a", fence, body: { kind: "bubble", text: "y".repeat(200) } });
  expect(spool.pending(0, 2, 1_000_000)).toHaveLength(2);
  expect(spool.pending(0, 64, 900)).toHaveLength(2);
  expect(spool.pending(0, 64, 1)).toHaveLength(1);
  spool.close();
});

test("[C6] the incarnation rises at each start; the runner's name and a journal stay", () => {
  const db = openDb();
  const identity = new Identity(db);
  identity.keepRunnerId("ru_1");
  const journals = new Journals(db);
  journals.append("k", { step: "one" });
  journals.append("k", { step: "two" });
  db.close();
  const later = openDb();
  const second = new Identity(later);
  expect([second.incarnation - identity.incarnation, second.runnerId]).toEqual([1, "ru_1"]);
  expect(new Journals(later).load("k")).toEqual([{ step: "one" }, { step: "two" }]);
  later.close();
});

test("[C6] the file of a newer version is refused with a sentence", () => {
  const db = openDb();
  db.run("pragma user_version = 99");
  db.close();
  expect(openSpoolDatabase(fileDisk(join(dir, "spool.db")), systemRandom)).toMatchObject({
    ok: false,
    error: { code: "unsupported" },
  });
});

test("[C6] a second holder of the directory's lock is refused until the first lets go", () => {
  const path = join(dir, "lock");
  const first = lockDirectory(path);
  expect(lockDirectory(path)).toMatchObject({ ok: false, error: { code: "twin_runner" } });
  if (first.ok) first.value.release();
  const second = lockDirectory(path);
  expect(second.ok).toBe(true);
  if (second.ok) second.value.release();
});

test("[C6] whoever may wait for the directory's lock takes it when its holder lets go", async () => {
  const path = join(dir, "lock");
  const clock = systemClock;
  const first = lockDirectory(path);
  expect(await awaitDirectory(path, { waitMs: 0, clock })).toMatchObject({ ok: false });
  const second = awaitDirectory(path, { waitMs: 10_000, clock });
  if (first.ok) first.value.release();
  const taken = await second;
  expect(taken.ok).toBe(true);
  if (taken.ok) taken.value.release();
});
