import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
