import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { tempDir } from "../../../tests/support/temp-dir.ts";
import { fileBlobs } from "./blobs.ts";

const NAME = "a".repeat(64);

test("[C10] a blob that many hand over at once is whole, and one that is removed meanwhile is there when it came last", async () => {
  await using temp = await tempDir("blobs");
  const dir = join(temp.path, "blobs");
  const blobs = fileBlobs(dir);
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  await Promise.all([1, 2, 3, 4].map(() => blobs.put(NAME, bytes)));
  await Promise.all([blobs.put(NAME, bytes), blobs.drop(NAME), blobs.put(NAME, bytes)]);
  expect(Buffer.from((await blobs.get(NAME)) ?? []).equals(Buffer.from(bytes))).toBe(true);
  await Promise.all([blobs.put(NAME, bytes), blobs.drop(NAME)]);
  expect(await readdir(dir)).toEqual([]);
});

test("[C10] what the disk does not take leaves nothing behind, and holds up nobody", async () => {
  await using temp = await tempDir("blobs");
  const dir = join(temp.path, "blobs");
  const blobs = fileBlobs(dir);
  const bytes = new Uint8Array(10);
  // A folder of that name is in the way.
  await blobs.put(NAME, bytes);
  await blobs.drop(NAME);
  await Bun.write(join(dir, NAME, "in-the-way"), "x");
  expect(blobs.put(NAME, bytes)).rejects.toThrow();
  await blobs.put("b".repeat(64), bytes);
  expect((await readdir(dir)).toSorted()).toEqual([NAME, "b".repeat(64)]);
});
