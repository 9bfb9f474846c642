import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDemo, playDemo } from "../../../cli/up/demo-town.ts";
import { Complaint } from "../../../cli/complaint.ts";
import { MemoryTown } from "../edges/memory-town.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gastown-demo-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("[A1] a data directory plays its demo again, whatever the later start asks", async () => {
  expect(await openDemo(dir, false, undefined)).toBeNull();
  const first = await openDemo(dir, true, 42);
  await first?.model.stop();
  expect(first?.record).toEqual({
    seed: 42,
    script: "demo",
    repository: join(dir, "sample", "sample.git"),
  });
  expect(existsSync(join(dir, "sample", "sample.git", "HEAD"))).toBe(true);
  const later = await openDemo(dir, false, 7);
  await later?.model.stop();
  expect(later?.record).toEqual(first?.record as NonNullable<typeof first>["record"]);
  const town = new MemoryTown();
  if (later !== null) await playDemo(town, later);
  expect(town.calls.map(({ name }) => name)).toEqual(["rig.add", "mayor.say"]);
  expect(town.calls[1]?.body).toEqual({ text: first?.plan?.wish });
});

test("[A1] a demo is not begun on somebody's town, nor on a record that cannot be read", async () => {
  writeFileSync(join(dir, "town.db"), "");
  await expect(openDemo(dir, true, undefined)).rejects.toBeInstanceOf(Complaint);
  writeFileSync(join(dir, "demo.json"), "{");
  await expect(openDemo(dir, false, undefined)).rejects.toThrow(/new data directory/);
});
