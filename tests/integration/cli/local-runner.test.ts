import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { superviseRunner } from "../../../cli/up/local-runner.ts";
import { openTown, type OpenTown } from "../edges/open-town.ts";

let open: OpenTown;
beforeEach(() => {
  open = openTown();
});
afterEach(() => open.close());

test("[C6] the town's runner joins by the socket, is started again after a kill, and ends with the town", async () => {
  const pids: number[] = [];
  const log = { debug: note, info: note, warn: note, error: note };
  function note(fields: Record<string, unknown>): void {
    if (typeof fields["pid"] === "number") pids.push(fields["pid"]);
  }
  const main = join(import.meta.dir, "..", "..", "..", "main.ts");
  const tokens: string[] = [];
  const newToken = () => {
    const { token } = open.auth.renewToken("runner", "local");
    tokens.push(token);
    return token;
  };
  const runner = superviseRunner({
    url: open.edges.url,
    newToken,
    dataDir: open.dir,
    slots: 3,
    log,
    program: [process.execPath, main],
  });
  try {
    await open.town.greeted(1);
    const [first = 0] = pids;
    const environment =
      readFileSync(`/proc/${first}/environ`, "utf8") +
      readFileSync(`/proc/${first}/cmdline`, "utf8");
    expect(tokens).toHaveLength(1);
    for (const token of tokens) expect(environment).not.toContain(token);
    process.kill(first, "SIGKILL");
    await open.town.greeted(2);
    expect(
      open.town.hellos.map(({ local, slots, incarnation }) => ({ local, slots, incarnation })),
    ).toEqual([
      { local: true, slots: 3, incarnation: 1 },
      { local: true, slots: 3, incarnation: 2 },
    ]);
    expect(pids).toHaveLength(2);
  } finally {
    await runner.stop();
  }
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
});
