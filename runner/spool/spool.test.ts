import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimDisk } from "../../sim/disk.ts";
import { systemClock, systemRandom } from "../clock.ts";
import { fileDisk, type SqlDatabase } from "./disk.ts";
import { Identity } from "./identity.ts";
import { Journals } from "./journals.ts";
import { awaitDirectory, lockDirectory } from "./lock.ts";
import { openSpoolDatabase } from "./open.ts";
import { spoolContract } from "./spool.contract.ts";
import { Spool } from "./spool.ts";

const clock = systemClock;
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

spoolContract("a file", () => ({ open, end: (spool) => spool.close() }));

spoolContract("the simulated disk, its owner killed", () => {
  const disk = new SimDisk();
  return {
    open: (bytesMax) => {
      const opened = openSpoolDatabase(disk.door(), systemRandom);
      if (!opened.ok) throw new Error(opened.error.message);
      return new Spool(opened.value, { clock, ...(bytesMax === undefined ? {} : { bytesMax }) });
    },
    end: () => disk.kill(),
  };
});
