import { expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tempDir } from "../tests/support/temp-dir.ts";
import { openLog } from "./log.ts";

test("[C2] the log cuts secrets out, is its owner's only, and is rotated by size", () => {
  const dir = mkdtempSync(join(tmpdir(), "gastown-log-"));
  try {
    const log = openLog(dir);
    log.info(
      {
        token: "sk-1",
        nested: { secret: "sk-2", headers: { authorization: "sk-3" } },
        runId: "rn_1",
      },
      "said",
    );
    const [line = ""] = readFileSync(log.path, "utf8").split("\n");
    expect(JSON.parse(line)).toMatchObject({ msg: "said", runId: "rn_1", token: "[cut]" });
    expect(line).not.toContain("sk-");
    expect(statSync(log.path).mode & 0o777).toBe(0o600);
    const filler = "x".repeat(12_000);
    for (let count = 0; count < 1_100; count++) log.info({ filler }, "fill");
    expect(existsSync(`${log.path}.1`)).toBe(true);
    expect(statSync(log.path).size).toBeLessThan(2_000_000);
    log.close();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test("[R6] a disk that is full breaks nothing of what is logged about: it is told once, and errors are still echoed", async () => {
  await using dir = await tempDir("log");
  mkdirSync(join(dir.path, "logs"));
  symlinkSync("/dev/full", join(dir.path, "logs", "town.log"));
  const echoed: string[] = [];
  const log = openLog(dir.path, "town", (line) => echoed.push(line));
  for (let n = 0; n < 50; n++) log.info({ n, text: "x".repeat(1_000) }, "a line");
  log.error({}, "something is wrong");
  expect(echoed).toEqual([
    expect.stringMatching(/town\.log cannot be written \(ENOSPC.*goes on when there is room/),
    "something is wrong",
  ]);
  log.close();
});
