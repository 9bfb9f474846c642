import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "../tests/support/temp-dir.ts";
import { dataDirOf, dataFlag } from "./data-dir.ts";
import { readTownFile, writeTownFile } from "./town-file.ts";

/** Runs `act` as if the person's data were in a fresh directory. */
async function withData(act: () => void): Promise<void> {
  await using dir = await tempDir("data");
  const before = process.env["XDG_DATA_HOME"];
  process.env["XDG_DATA_HOME"] = dir.path;
  try {
    act();
  } finally {
    if (before === undefined) delete process.env["XDG_DATA_HOME"];
    else process.env["XDG_DATA_HOME"] = before;
  }
}

test("[A9] a command says how to mean the demo's town when only that one runs", async () => {
  await withData(() => {
    const own = dataDirOf({});
    const demo = dataDirOf({ demo: true });
    expect(() => readTownFile(own)).toThrow("Start it with `gastown up`");
    mkdirSync(demo, { recursive: true });
    writeTownFile(demo, { url: "http://127.0.0.1:1", pid: 1, token: "t", version: "1" });
    expect(() => readTownFile(own)).toThrow("add --demo");
    expect(() => readTownFile(join(own, "other"))).toThrow("name its directory with --data");
    expect(readTownFile(demo).url).toBe("http://127.0.0.1:1");
  });
});

test("[A9] what a person adds to a command names the town that is meant", async () => {
  await withData(() => {
    expect(dataFlag(dataDirOf({}))).toBe("");
    expect(dataFlag(dataDirOf({ demo: true }))).toBe(" --demo");
    expect(dataFlag("/srv/town")).toBe(" --data /srv/town");
  });
});
