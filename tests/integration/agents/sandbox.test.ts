import { describe, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { execInSandbox } from "../../../runner/sandbox/exec-ports.ts";
import { sendLine } from "../../../runner/sandbox/sandbox.ts";
import { findStrays, stopStrays } from "../../../runner/process/find-strays.ts";
import type { SandboxMode, SandboxSpec } from "../../../runner/sandbox/sandbox-spec.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { makeRun, openWorld, type RunDirs, type World } from "./stage.ts";

const MEBIBYTE = 1024 * 1024;
const MODES: readonly SandboxMode[] = [
  "bwrap",
  ...(isLeftOut("users") ? [] : ["user" as const]),
  "none",
];

function specOf(world: World, dirs: RunDirs, more: Partial<SandboxSpec> = {}): SandboxSpec {
  return {
    mode: world.sandbox.mode,
    runId: "r1",
    owner: world.owner,
    cwd: dirs.tree,
    env: world.sandbox.environment({ home: dirs.home, tmp: dirs.tmp }),
    readOnly: [],
    readWrite: [dirs.tree, dirs.home, dirs.tmp],
    hide: [world.dataDir],
    network: "none",
    ...more,
  };
}

async function until(probe: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await probe())) await Bun.sleep(20);
}

for (const mode of MODES) {
  describe(`sandbox, mode ${mode}`, () => {
    test("[C12] a command gets its directory, a clean environment and its own Bun, and its end is told whole", async () => {
      await using world = await openWorld(mode);
      const dirs = await makeRun(world, "r1");
      const result = await world.sandbox.runSandboxed(
        specOf(world, dirs),
        ["sh", "-c", "pwd; bun --version; echo err >&2; env; exit 7"],
        { timeoutMs: 10_000 },
      );
      expect(result.exit).toMatchObject({
        code: 7,
        signal: null,
        timedOut: false,
        cancelled: false,
        forced: false,
      });
      expect(result.stdout.split("\n").slice(0, 2)).toEqual([dirs.tree, Bun.version]);
      expect(result.stderr).toBe("err\n");
      const names = [...result.stdout.matchAll(/^([A-Z_]+)=/gm)].map((match) => match[1] ?? "");
      expect(names.toSorted((a, b) => a.localeCompare(b))).toEqual([
        "GASTOWN_MARK",
        ...(mode === "bwrap" ? [] : ["GIT_CONFIG_SYSTEM"]),
        "HOME",
        "LANG",
        "LC_ALL",
        "PATH",
        "PWD",
        "SHELL",
        "TERM",
        "TMPDIR",
        "USER",
      ]);
    });

    test("[C19] a command that takes input reads the lines it is handed, from the first on", async () => {
      await using world = await openWorld(mode);
      const dirs = await makeRun(world, "r1");
      const lines: string[] = [];
      const third = Promise.withResolvers<void>();
      const onLine = (line: string) => {
        if (lines.push(line) === 3) third.resolve();
      };
      const started = await world.sandbox.start(
        specOf(world, dirs, { takesInput: true }),
        ["cat"],
        {
          stdout: { onLine, lineCharsMax: 1_000_000 },
        },
      );
      if (!started.ok) throw new Error(started.error.message);
      const long = "ä".repeat(300_000);
      for (const line of ["stop 1", long, "last"]) sendLine(started.value, line);
      await third.promise;
      expect(lines).toEqual(["stop 1", long, "last"]);
      expect(await started.value.stop({ graceMs: 3_000 })).toMatchObject({ forced: false });
    });

    test("[C12] a signal, a missing program and a time limit are told apart", async () => {
      await using world = await openWorld(mode);
      const dirs = await makeRun(world, "r1");
      const run = (argv: string[], timeoutMs = 10_000) =>
        world.sandbox.runSandboxed(specOf(world, dirs), argv, { timeoutMs, graceMs: 1_200 });
      expect((await run(["sh", "-c", "kill -9 $$"])).exit).toMatchObject({
        code: null,
        signal: "SIGKILL",
        timedOut: false,
        cancelled: false,
      });
      expect(await run(["/no/such/program"])).toMatchObject({
        exit: { code: 127 },
        stderr: expect.stringContaining("/no/such/program"),
      });
      expect((await run(["sleep", "60"], 300)).exit).toMatchObject({
        timedOut: true,
        cancelled: false,
      });
      const stubborn = await run(["sh", "-c", "trap '' TERM; while :; do sleep 1; done"], 300);
      expect(stubborn.exit).toMatchObject({ timedOut: true });
      expect(await findStrays({ owner: world.owner })).toEqual([]);
    });

    test("[C12] what a command leaves behind ends with it, even in a session of its own", async () => {
      await using world = await openWorld(mode);
      const dirs = await makeRun(world, "r1");
      await world.sandbox.runSandboxed(
        specOf(world, dirs),
        ["sh", "-c", "sleep 61 & setsid sleep 62 & exit 0"],
        { timeoutMs: 10_000 },
      );
      await until(async () => (await findStrays({ owner: world.owner })).length === 0);
    });

    test("[C12] the end of one command of a run touches no other command of it", async () => {
      await using world = await openWorld(mode);
      const dirs = await makeRun(world, "r1");
      const long = await world.sandbox.start(specOf(world, dirs), ["sleep", "60"]);
      if (!long.ok) throw new Error(long.error.message);
      await until(async () => (await findStrays({ owner: world.owner })).length > 1);
      await world.sandbox.runSandboxed(specOf(world, dirs), ["true"], { timeoutMs: 10_000 });
      expect(long.value.hasExited).toBe(false);
      expect(await long.value.stop({ graceMs: 2_000 })).toMatchObject({
        cancelled: true,
        forced: false,
      });
    });

    test("[C12] a runner that is killed leaves no process of its sandboxes", async () => {
      await using world = await openWorld(mode);
      const dirs = await makeRun(world, "r1");
      const script = join(import.meta.dir, "start-and-wait.ts");
      const starter = Bun.spawn(
        [
          process.execPath,
          script,
          JSON.stringify({ mode, dataDir: world.dataDir, spec: specOf(world, dirs) }),
        ],
        {
          stdout: "pipe",
          stderr: "inherit",
        },
      );
      const { value } = await starter.stdout.getReader().read();
      expect(new TextDecoder().decode(value)).toBe("inside\n");
      expect((await findStrays({ owner: world.owner })).length).toBeGreaterThan(1);
      starter.kill("SIGKILL");
      await until(async () => (await findStrays({ owner: world.owner })).length === 0);
    });

    test("[D2] what a dead runner left is found by its mark and ended", async () => {
      await using world = await openWorld(mode);
      const dirs = await makeRun(world, "r1");
      const started = await world.sandbox.start(specOf(world, dirs), ["sleep", "60"]);
      if (!started.ok) throw new Error(started.error.message);
      await until(async () => (await findStrays({ owner: world.owner, subject: "r1" })).length > 1);
      await stopStrays({ owner: world.owner }, 500);
      expect((await started.value.exited).cancelled).toBe(false);
      expect(await findStrays({ owner: world.owner })).toEqual([]);
    });

    test("[D3] git's ports run programs with input and exact bytes, and stop one that says too much", async () => {
      await using world = await openWorld(mode);
      const dirs = await makeRun(world, "r1");
      const exec = execInSandbox({
        sandbox: world.sandbox,
        owner: world.owner,
        runId: "r1",
        hide: [world.dataDir],
      });
      const command = {
        cwd: dirs.tree,
        env: { PATH: "/usr/bin:/bin", ONE: "1" },
        readOnly: [dirs.tree],
        readWrite: [dirs.home],
      };
      const limits = { timeoutMs: 10_000, outputBytesMax: 10_000 };
      const bytes = Uint8Array.of(0, 255, 10, 128);
      expect((await exec.run(["cat"], { ...command, ...limits, stdin: bytes })).stdout).toEqual(
        bytes,
      );
      const seen = await exec.run(["sh", "-c", "env; pwd"], { ...command, ...limits });
      expect(new TextDecoder().decode(seen.stdout)).toContain(`ONE=1`);
      expect(new TextDecoder().decode(seen.stdout).trim().endsWith(dirs.tree)).toBe(true);
      expect((await exec.run(["yes"], { ...command, ...limits })).exit.outputExceeded).toBe(true);
    });
  });
}

describe("bubblewrap", () => {
  test("[C23] a probe inside the sandbox cannot read the starter's home, the data directory or another run, nor reach a server of the host", async () => {
    await using world = await openWorld("bwrap");
    const [dirs, other] = [await makeRun(world, "r1"), await makeRun(world, "r2")];
    await Bun.write(join(world.dataDir, "town.db"), "secret");
    await Bun.write(join(other.tree, "file"), "secret");
    using host = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => new Response("reached"),
    });
    const lines = [
      `ls -a ${process.env["HOME"] ?? "/root"} 2>&1`,
      `ls -A ${world.dataDir} ${join(world.dataDir, "runs")}`,
      `cat ${join(other.tree, "file")} ${join(world.dataDir, "town.db")} 2>&1`,
      `bun -e 'await fetch("http://127.0.0.1:${host.port}").then((r) => r.text()).then(console.log, () => console.log("unreached"))'`,
      "cut -d: -f1 /proc/net/dev",
      "grep CapEff /proc/self/status",
      "touch /usr/x /etc/x /opt/gt/bin/x 2>&1",
      `kill -0 ${process.pid} 2>&1 || echo unseen`,
    ];
    const { stdout } = await world.sandbox.runSandboxed(
      specOf(world, dirs),
      ["sh", "-c", lines.join("\n")],
      { timeoutMs: 10_000 },
    );
    expect(stdout).toContain(`cannot access '${process.env["HOME"] ?? "/root"}'`);
    expect(stdout).toContain(`${world.dataDir}:\nruns\n`);
    expect(stdout).toContain(`/runs:\nr1\n`);
    expect(stdout).not.toContain("secret");
    expect(stdout).toContain("unreached");
    expect(stdout).toContain("CapEff:\t0000000000000000");
    expect(stdout).not.toContain("eth0");
    expect(stdout.match(/Read-only file system/g)?.length).toBeGreaterThanOrEqual(2);
    expect(stdout).toContain("unseen");
  });

  test("[C23] files made inside belong to the runner, who can remove them", async () => {
    await using world = await openWorld("bwrap");
    const dirs = await makeRun(world, "r1");
    await world.sandbox.runSandboxed(
      specOf(world, dirs),
      ["sh", "-c", "mkdir -p a/b && echo x > a/b/c && chmod 000 a/b"],
      { timeoutMs: 10_000 },
    );
    const { stdout } = await world.sandbox.runSandboxed(
      specOf(world, dirs),
      ["sh", "-c", "chmod -R u+rwx a && rm -r a && ls -A"],
      { timeoutMs: 10_000 },
    );
    expect(stdout).toBe("");
  });

  test("[C23] a link in the tree to the data directory leads nowhere inside", async () => {
    await using world = await openWorld("bwrap");
    const dirs = await makeRun(world, "r1");
    await Bun.write(join(world.dataDir, "town.db"), "secret");
    await symlink(join(world.dataDir, "town.db"), join(dirs.tree, "link"));
    const { stdout, stderr } = await world.sandbox.runSandboxed(
      specOf(world, dirs),
      ["cat", "link"],
      { timeoutMs: 10_000 },
    );
    expect(stdout).toBe("");
    expect(stderr).toContain("No such file");
  });

  test("[C23] the forwarder carries 50 MB, waits for a reader that waits, and buffers little", async () => {
    await using world = await openWorld("bwrap");
    const dirs = await makeRun(world, "r1");
    const total = 50 * MEBIBYTE;
    const source = await openSource(join(dirs.sockets, "gateway.sock"), total);
    const control = Bun.serve({
      unix: join(dirs.sockets, "mcp.sock"),
      fetch: async () => {
        await source.stalled();
        return new Response(String(source.sentBytes()));
      },
    });
    const sockets = [
      { name: "gateway", address: { unix: join(dirs.sockets, "gateway.sock") }, insidePort: 7001 },
      { name: "mcp", address: { unix: join(dirs.sockets, "mcp.sock") }, insidePort: 7002 },
    ];
    const reader = `
      import { createConnection } from "node:net";
      const socket = createConnection({ port: 7001, host: "127.0.0.1" });
      let bytes = 0, held = "";
      socket.once("data", async (first) => {
        socket.pause();
        bytes += first.length;
        held = await (await fetch("http://127.0.0.1:7002/stalled")).text();
        socket.on("data", (chunk) => { bytes += chunk.length; });
        socket.resume();
      });
      socket.on("end", () => { console.log(JSON.stringify({ bytes, held: Number(held) })); socket.destroy(); });
    `;
    await Bun.write(join(dirs.tree, "reader.ts"), reader);
    const spec = specOf(world, dirs, {
      sockets,
      agentServer: { hostDir: dirs.sockets, insidePort: 7003 },
    });
    const result = await world.sandbox.runSandboxed(spec, ["bun", "reader.ts"], {
      timeoutMs: 30_000,
    });
    await control.stop(true);
    source.close();
    expect(result.stderr).toBe("");
    const { bytes, held } = JSON.parse(result.stdout) as { bytes: number; held: number };
    expect(bytes).toBe(total);
    expect(held).toBeLessThan(total / 3);
  }, 40_000);
});

/** Sends `total` bytes to whoever connects, as fast as they are taken. */
async function openSource(path: string, total: number) {
  let sent = 0;
  const chunk = Buffer.alloc(64 * 1024, 7);
  const pump = (socket: Socket) => {
    while (sent < total) {
      sent += chunk.length;
      if (!socket.write(chunk)) return;
    }
    socket.end();
  };
  const server = createServer((socket) => {
    socket.on("drain", () => pump(socket));
    pump(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    sentBytes: () => sent,
    close: () => server.close(),
    /** Resolves when nothing more has gone out for a while: the other side takes no more. */
    async stalled(): Promise<void> {
      for (let before = -1; before !== sent;) {
        before = sent;
        await Bun.sleep(300);
      }
    },
  };
}
