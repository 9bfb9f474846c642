// Every isolation against the commands of those who want out of it.
import { describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableName } from "../../../runner/sandbox/users/filter-table.ts";
import { Ground } from "../../../runner/sandbox/users/ground.ts";
import { removeTables } from "../../../runner/sandbox/users/nft.ts";
import { isolationContract, probe, specOf } from "../../contract/sandbox/isolation.contract.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { makeRun, openUserWorld, openWorld } from "./stage.ts";

const TIMEOUT_MS = 60_000;

if (!isLeftOut("sandbox")) isolationContract("bubblewrap", () => openWorld("bwrap"));
if (!isLeftOut("users")) isolationContract("users of their own", () => openWorld("user"));

const connect = (host: string, port: number | string) =>
  `timeout 5 bash -c 'exec 3<>/dev/tcp/${host}/${port}' 2>&1 && echo "REACHED ${host}:${port}"`;

describe.skipIf(isLeftOut("sandbox"))("bubblewrap", () => {
  test(
    "[C23] the town, services of the host, the metadata address and the network are out of reach",
    async () => {
      await using world = await openWorld("bwrap");
      using town = Bun.serve({ hostname: "0.0.0.0", port: 0, fetch: () => new Response("town") });
      const said = await probe(world, "r1", [
        connect("127.0.0.1", town.port ?? 0),
        connect("169.254.169.254", 80),
        connect("10.0.0.1", 80),
        connect("192.0.2.1", 443),
        "cut -d: -f1 /proc/net/dev | tail -n +3; cat /proc/net/route | tail -n +2; find / -type s 2>/dev/null",
      ]);
      expect(said).not.toContain("REACHED");
      expect(said.match(/connect: Network is unreachable/g)).toHaveLength(3);
      expect(said.match(/connect: Connection refused/g)).toHaveLength(1);
      expect(
        said
          .split("\n")
          .slice(-3)
          .map((line) => line.trim()),
      ).toEqual(["lo", "== end", ""]);
    },
    TIMEOUT_MS,
  );
});

describe.skipIf(isLeftOut("users"))("users of their own", () => {
  const open = async (count: number) => openUserWorld(await mkdtemp(join(tmpdir(), "gt-")), count);

  test(
    "[C23] where the packet filter works a run reaches its own servers and the ports opened to it: no town, no other run, no metadata address, no network",
    async () => {
      await using world = await openWorld("user");
      using town = Bun.serve({ hostname: "0.0.0.0", port: 0, fetch: () => new Response("town") });
      using door = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("door") });
      const dirs = await makeRun(world, "r1");
      const other = await makeRun(world, "r2");
      const server = (port: string) =>
        `bun -e 'const s = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("own") }); await Bun.write("${port}", String(s.port)); console.log("up")'`;
      const up = Promise.withResolvers<void>();
      const neighbour = await world.sandbox.start(
        specOf(world, "r2", other),
        ["sh", "-c", server("port")],
        { stdout: { onLine: () => up.resolve() } },
      );
      if (!neighbour.ok) throw new Error(neighbour.error.message);
      await up.promise;
      const foreign = await Bun.file(join(other.tree, "port")).text();
      const lines = [
        `${server("own")} & until [ -s own ]; do sleep 0.1; done`,
        ...["$(cat own)", door.port ?? 0, town.port ?? 0, foreign].map((port) =>
          connect("127.0.0.1", port),
        ),
        connect("::1", town.port ?? 0),
        connect("169.254.169.254", 80),
        connect("192.0.2.1", 443),
        "bash -c 'echo hello > /dev/udp/127.0.0.1/9' 2>/dev/null && echo SENT; kill %1; echo == end",
      ];
      const { stdout } = await world.sandbox.runSandboxed(
        {
          ...specOf(world, "r1", dirs),
          sockets: [{ name: "door", address: { port: door.port ?? 0 }, insidePort: 7_001 }],
        },
        ["bash", "-c", lines.join("\n")],
        { timeoutMs: TIMEOUT_MS },
      );
      await neighbour.value.stop({ graceMs: 1_000 });
      expect(stdout).toEndWith("== end\n");
      const own = await Bun.file(join(dirs.tree, "own")).text();
      const reached = [...stdout.matchAll(/^REACHED (.*)$/gm)].map(([, at]) => at);
      const allowed = [own, String(door.port)].map((port) => `127.0.0.1:${port}`);
      const open = [...allowed, `127.0.0.1:${town.port}`, `127.0.0.1:${foreign}`];
      // A host without the right to filter says so on every page.
      expect(reached).toEqual(world.sandbox.closesNetwork ? allowed : open);
      expect(stdout.includes("SENT")).toBe(!world.sandbox.closesNetwork);
    },
    TIMEOUT_MS,
  );

  test(
    "[C23] a filter that somebody emptied holds again for the next command, nobody else reaches what a run serves, and what a killed runner left goes",
    async () => {
      await using world = await open(1);
      using town = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("town") });
      const dirs = await makeRun(world, "r1");
      const up = Promise.withResolvers<void>();
      const served = await world.sandbox.start(
        specOf(world, "r1", dirs),
        [
          ...["bun", "-e"],
          'const s = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("posing") }); await Bun.write("port", String(s.port)); console.log("up")',
        ],
        { stdout: { onLine: () => up.resolve() } },
      );
      if (!served.ok) throw new Error(served.error.message);
      await up.promise;
      const port = await Bun.file(join(dirs.tree, "port")).text();
      const asked = await fetch(`http://127.0.0.1:${port}`).then(
        (answer) => answer.text(),
        () => "refused",
      );
      expect(asked).toBe(world.sandbox.closesNetwork ? "refused" : "posing");
      await served.value.stop({ graceMs: 1_000 });
      const emptied = Bun.spawnSync(["sh", "-c", 'PATH="$PATH:/usr/sbin"; nft flush ruleset']);
      expect(emptied.success).toBe(world.sandbox.closesNetwork);
      const said = await probe(world, "r2", [connect("127.0.0.1", town.port ?? 0)]);
      expect(said.includes("REACHED")).toBe(!world.sandbox.closesNetwork);
      // Of a runner that was killed, and whose users this one does not take.
      const beside = { name: "gastown-0", uid: 4_000_000_001, gid: 4_000_000_001 };
      Bun.spawnSync([
        "sh",
        "-c",
        `PATH="$PATH:/usr/sbin"; nft add table inet ${tableName(beside)}`,
      ]);
      const removed = await removeTables([beside], world.owner);
      expect("removed" in removed).toBe(world.sandbox.closesNetwork);
      if ("removed" in removed) expect(removed.removed).toEqual([tableName(beside)]);
      const again = await removeTables([beside], world.owner);
      if ("removed" in again) expect(again.removed).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "[C23] a user that is lent again finds nothing of the run before: no file, no process, no shared memory, no queue",
    async () => {
      await using world = await open(1);
      const left = join(tmpdir(), `gastown-left-${crypto.randomUUID()}`);
      const first = await probe(world, "r1", [
        `id -u; mkdir -p ${left}/deep && echo secret > ${left}/deep/file && chmod -R 777 ${left}`,
        "ipcmk -M 64 -Q > /dev/null; test ! -d /dev/mqueue || touch /dev/mqueue/gastown-left",
        "setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 1; done' > /dev/null 2>&1 &",
        "umask 000; echo secret > open.txt",
      ]);
      const second = await probe(world, "r2", [
        "id -u",
        `cat ${left}/deep/file ../../r1/tree/open.txt ${world.root}/runs/r1/tree/open.txt && echo READ`,
        `for p in /proc/[0-9]*; do test -O $p/cwd && readlink $p/cwd; done`,
        'ipcs -m -q -c | grep "^[0-9].* $(id -u) " && echo SHARED; test -e /dev/mqueue/gastown-left && echo SHARED',
      ]);
      const uid = first.split("\n")[1] ?? "";
      expect(second.split("\n")[1]).toBe(uid);
      expect(second).not.toContain("READ");
      expect(second).not.toMatch(/^\S*\/runs\/r1/m);
      expect(second).not.toContain("SHARED");
      expect(existsSync(left)).toBe(false);
    },
    TIMEOUT_MS,
  );

  test(
    "[C23] runs that go on at once are users of their own, and one that finds none free waits for it",
    async () => {
      await using world = await open(2);
      const [first, second, third] = await Promise.all(
        ["r1", "r2", "r3"].map((runId) => makeRun(world, runId)),
      );
      if (!first || !second || !third) throw new Error("no folders");
      const hold = async (runId: string, dirs: typeof first) => {
        const uid = Promise.withResolvers<string>();
        const started = await world.sandbox.start(
          specOf(world, runId, dirs),
          ["sh", "-c", "id -u; exec sleep 300"],
          { stdout: { onLine: uid.resolve } },
        );
        if (!started.ok) throw new Error(started.error.message);
        return { uid: await uid.promise, process: started.value };
      };
      const [a, b] = [await hold("r1", first), await hold("r2", second)];
      expect(a.uid).not.toBe(b.uid);
      let isThere = false;
      const waiting = hold("r3", third).then((held) => {
        isThere = true;
        return held;
      });
      // Another command of a run that has its user does not wait.
      const more = await world.sandbox.runSandboxed(specOf(world, "r1", first), ["id", "-u"], {
        timeoutMs: TIMEOUT_MS,
      });
      expect(more.stdout.trim()).toBe(a.uid);
      // Nobody waits for a run that was stopped.
      const stopped = new AbortController();
      const given = { timeoutMs: TIMEOUT_MS, signal: stopped.signal };
      const fourth = await makeRun(world, "r4");
      const left = world.sandbox.runSandboxed(specOf(world, "r4", fourth), ["id"], given);
      stopped.abort();
      expect((await left).stderr).toContain("stopped while it waited for a user");
      expect(isThere).toBe(false);
      await b.process.stop({ graceMs: 1_000 });
      const c = await waiting;
      expect(c.uid).toBe(b.uid);
      expect(a.process.hasExited).toBe(false);
      for (const held of [a, c]) await held.process.stop({ graceMs: 1_000 });
    },
    TIMEOUT_MS,
  );

  test(
    "[C23] a host that shows such a user what nobody may see has no users for agents, and says what was seen",
    async () => {
      const dataDir = await mkdtemp(join(tmpdir(), "gt-"));
      await writeFile(join(dataDir, "town.db"), "secret", { mode: 0o644 });
      const failure = await openUserWorld(dataDir).then(
        () => "opened",
        (error: unknown) => String(error),
      );
      expect(failure).toContain(`can read ${join(dataDir, "town.db")}`);
      // Shut again: the way to the doors was open for the trial alone.
      for (const dir of [dataDir, join(dataDir, "runner")])
        expect(statSync(dir).mode & 0o777).toBe(0o700);
      await rm(dataDir, { recursive: true });
    },
    TIMEOUT_MS,
  );

  test(
    "[C23] a runner that lends no users any more has back what those of an earlier one had",
    async () => {
      await using world = await open(1);
      const dirs = await makeRun(world, "r1");
      await probe(world, "r1", ["echo kept > kept.txt; ln -s /etc/passwd link; mkdir -m 700 deep"]);
      expect(statSync(join(dirs.tree, "kept.txt")).uid).not.toBe(0);
      await new Ground({ root: world.root, owner: world.owner }).reclaim(world.dataDir);
      for (const path of [
        dirs.tree,
        dirs.home,
        join(dirs.tree, "kept.txt"),
        join(dirs.tree, "deep"),
      ])
        expect([path, statSync(path).uid]).toEqual([path, 0]);
      expect(statSync(world.dataDir).mode & 0o777).toBe(0o700);
      await using other = await openWorld("bwrap");
      const said = await other.sandbox.runSandboxed(
        { ...specOf(other, "r1", dirs), hide: [] },
        ["sh", "-c", "cat kept.txt; echo more >> kept.txt; rm -r deep link; ls"],
        { timeoutMs: TIMEOUT_MS },
      );
      expect(said.stdout).toBe("kept\nkept.txt\nown.txt\n");
    },
    TIMEOUT_MS,
  );
});
