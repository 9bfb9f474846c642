import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimDisk } from "../../sim/disk.ts";
import { systemRandom } from "../clock.ts";
import { diskContract } from "./disk.contract.ts";
import { fileDisk, type Disk } from "./disk.ts";
import { Journals } from "./journals.ts";
import { openSpoolDatabase } from "./open.ts";

const dir = mkdtempSync(join(tmpdir(), "gastown-disk-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
let files = 0;

diskContract("a file", () => {
  const path = join(dir, `${++files}.db`);
  const kill = (db: { close(): void }) => {
    db.close();
    return fileDisk(path);
  };
  return { disk: fileDisk(path), kill };
});

diskContract("the simulated one", () => {
  const disk = new SimDisk();
  const kill = () => {
    disk.kill();
    return disk.door();
  };
  return { disk: disk.door(), kill };
});

function journals(disk: Disk): Journals {
  const opened = openSpoolDatabase(disk, systemRandom);
  if (!opened.ok) throw new Error(opened.error.message);
  return new Journals(opened.value);
}

test("[C6] no commit of the runner is lost with the power", () => {
  const disk = new SimDisk();
  journals(disk.door()).append("a", "kept");
  disk.cutPower();
  expect(journals(disk.door()).load("a")).toEqual(["kept"]);
});

test("[SIM-disk] a commit that is not synced is lost with the power, and not by a kill", () => {
  const disk = new SimDisk();
  const first = openSpoolDatabase(disk.door(), systemRandom);
  if (!first.ok) throw new Error(first.error.message);
  const before = new Journals(first.value);
  before.append("a", "synced");
  first.value.run("pragma synchronous = normal");
  before.append("a", "not synced");
  disk.kill();
  expect(journals(disk.door()).load("a")).toEqual(["synced", "not synced"]);
  disk.cutPower();
  expect(journals(disk.door()).load("a")).toEqual(["synced"]);
});

test("[SIM-disk] a killed owner writes on into nothing, before a commit or after it", () => {
  for (const [moment, kept] of [
    ["before commit", ["one"]],
    ["after commit", ["one", "two"]],
  ] as const) {
    const disk = new SimDisk();
    let armed = false;
    const watch = (now: string) => {
      if (armed && now === moment) disk.kill();
    };
    const dying = journals(disk.door(watch));
    dying.append("a", "one");
    armed = true;
    dying.append("a", "two");
    dying.append("a", "three");
    expect(dying.load("a")).toEqual(["one", "two", "three"]);
    expect(journals(disk.door()).load("a")).toEqual([...kept]);
  }
});

test("[SIM-disk] a full disk refuses a commit in SQLite's words and loses nothing of before", () => {
  const disk = new SimDisk();
  const open = journals(disk.door());
  open.append("a", "one");
  disk.full = true;
  expect(() => open.append("a", "two")).toThrow("full");
  disk.full = false;
  expect(open.load("a")).toEqual(["one"]);
});
