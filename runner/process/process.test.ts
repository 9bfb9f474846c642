import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BoundedOutput } from "./bounded-output.ts";
import { describeExit, succeeded } from "./exit-record.ts";
import { findStrays, stopStrays } from "./find-strays.ts";
import { freePort } from "./free-port.ts";
import { LineSplitter } from "./line-splitter.ts";
import { markOf, markOwner, parseMark } from "./mark.ts";
import { run, startProcess } from "./process.ts";

const PATH = "/usr/local/bin:/usr/bin:/bin";
const base = {
  cwd: "/",
  env: { PATH },
  mark: markOf("0123456789abcdef", "unit"),
  timeoutMs: 10_000,
};

/** Waits until `probe` holds; the test's own time limit bounds it. */
async function until(probe: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await probe())) await Bun.sleep(10);
}

/** A zombie that waits for its reaper counts as gone. */
function alive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

describe("run", () => {
  test("[C12] gives code, both outputs and a full exit record", async () => {
    const result = await run(["sh", "-c", "echo out; echo err >&2; exit 3"], base);
    expect(result.stdout).toBe("out\n");
    expect(result.stderr).toBe("err\n");
    expect(result.exit).toMatchObject({
      code: 3,
      signal: null,
      timedOut: false,
      cancelled: false,
      forced: false,
    });
    expect(succeeded(result.exit)).toBe(false);
    expect(describeExit(result.exit)).toContain("code 3");
  });

  test("[C23] the child inherits nothing but what it is given and its mark", async () => {
    const result = await run(["env"], { ...base, env: { PATH, ONE: "1" } });
    const names = result.stdout
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0] ?? "")
      .toSorted((a, b) => a.localeCompare(b));
    expect(names).toEqual(["GASTOWN_MARK", "ONE", "PATH"]);
  });

  test("[C12] a process past its time limit is asked, then killed with its group", async () => {
    const result = await run(
      ["sh", "-c", "trap '' TERM; (trap '' TERM; sleep 60) & echo $!; wait; wait; sleep 60"],
      {
        ...base,
        timeoutMs: 200,
        graceMs: 100,
      },
    );
    expect(result.exit).toMatchObject({
      signal: "SIGKILL",
      timedOut: true,
      cancelled: false,
      forced: true,
    });
    await until(() => !alive(Number(result.stdout.trim())));
  });

  test("[C12] an aborted process is recorded as cancelled", async () => {
    const abort = new AbortController();
    const running = run(["sleep", "60"], { ...base, signal: abort.signal });
    abort.abort();
    expect((await running).exit).toMatchObject({
      signal: "SIGTERM",
      cancelled: true,
      timedOut: false,
      forced: false,
    });
  });

  test("[C12] children left behind in the group end with their leader", async () => {
    const result = await run(["sh", "-c", "sleep 60 & echo $!"], base);
    expect(result.exit.code).toBe(0);
    await until(() => !alive(Number(result.stdout.trim())));
  });

  test("[C12] output past the limit keeps head and tail and says so", async () => {
    const result = await run(["sh", "-c", "echo first; yes x | head -c 300000; echo last"], {
      ...base,
      outputBytesMax: 2000,
    });
    expect(result.truncated).toBe(true);
    expect(result.stdout.startsWith("first\n")).toBe(true);
    expect(result.stdout.endsWith("last\n")).toBe(true);
    expect(result.stdout).toContain("bytes left out");
    expect(result.stdout.length).toBeLessThan(2100);
  });

  test("[C6] input reaches stdin", async () => {
    expect((await run(["cat"], { ...base, input: "hello" })).stdout).toBe("hello");
  });

  test("[C12] a program that is not there is code 127 with a sentence", async () => {
    const result = await run(["/nonexistent/program"], base);
    expect(result.exit.code).toBe(127);
    expect(result.stderr).toContain("Install it or correct its path");
  });
});

describe("marks", () => {
  test("[D2] a marked process is found and ended by its owner only", async () => {
    const dir = mkdtempSync(join(tmpdir(), "gt-mark-"));
    const owner = markOwner(dir);
    const started = startProcess(["sleep", "60"], {
      cwd: "/",
      env: { PATH },
      mark: markOf(owner, "run-1"),
    });
    if (!started.ok) throw new Error(started.error.message);
    const pid = started.value.pid;
    await until(async () => (await findStrays({ owner })).length === 1);
    expect(await findStrays({ owner })).toEqual([{ pid, subject: "run-1" }]);
    expect(await findStrays({ owner, subject: "run-2" })).toEqual([]);
    expect(await findStrays({ owner: "f".repeat(16) })).toEqual([]);
    expect(await stopStrays({ owner }, 1000)).toEqual([{ pid, subject: "run-1" }]);
    expect((await started.value.exited).signal).toBe("SIGTERM");
    rmSync(dir, { recursive: true });
  });

  test("[C6] a mark without an owner is none of ours", () => {
    expect(parseMark("short:run")).toBeNull();
    const owner = "0123456789abcdef";
    expect(parseMark(markOf(owner, "r:1"))).toEqual({ owner, subject: "r:1", part: null });
    expect(parseMark(markOf(owner, "r1", 7))).toEqual({ owner, subject: "r1", part: 7 });
  });
});

test("[C23] a free port can be listened on", () => {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: freePort(), socket: { data() {} } });
  expect(listener.port).toBeGreaterThan(0);
  listener.stop(true);
});

test("[C6] bounded output under its limit is exact, whatever the chunks", () => {
  const output = new BoundedOutput(10);
  for (const piece of ["ab", "cdefg", "hij"]) output.append(Buffer.from(piece));
  expect(output.truncated).toBe(false);
  expect(output.text()).toBe("abcdefghij");
});

test("[C6] lines are cut at line ends, across chunks and characters, and when too long", () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line), 5);
  const bytes = Buffer.from("aé\n\nlonger-line\nx");
  for (const byte of bytes) splitter.append(Uint8Array.of(byte));
  splitter.end();
  expect(lines).toEqual(["aé", "", "longe", "r-lin", "e", "x"]);
});
