/** What every isolation must keep an agent from, tried by commands inside it that want out. */
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, lstatSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { openGateway } from "../../../runner/agents/gateway.ts";
import { findStrays } from "../../../runner/process/find-strays.ts";
import type { ManagedProcess } from "../../../runner/process/process.ts";
import type { SandboxSpec } from "../../../runner/sandbox/sandbox-spec.ts";
import { makeRun, type RunDirs, type World } from "../../integration/agents/stage.ts";

export type OpenWorld = () => Promise<World>;

const TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 30_000;
const CANARY = "canary-4f1c9be2";
const OWN = "the run's own";

export function isolationContract(name: string, open: OpenWorld): void {
  describe(`isolation contract: ${name}`, () => {
    const clause = (title: string, check: (world: World) => Promise<void>) =>
      test(
        title,
        async () => {
          await using world = await open();
          await check(world);
        },
        TIMEOUT_MS,
      );
    clause("[C23] the town's data, the runner's and the starter's home cannot be read", secrets);
    clause("[C23] another run's tree, home and environment cannot be read", otherRun);
    clause("[C23] a run that has ended can be read by no later one", endedRun);
    clause("[C23] nothing is written outside the run's own folders", outside);
    clause("[C23] no process but the run's own can be signalled", signals);
    clause("[C23] a link to what is hidden opens nothing, for the runner neither", links);
    clause("[C23] another run's gateway answers nobody but that run", gateway);
    clause("[C23] nothing inside makes a command more than it is", privileges);
  });
}

export function specOf(world: World, runId: string, dirs: RunDirs): SandboxSpec {
  return {
    ...{ mode: world.sandbox.mode, runId, owner: world.owner, cwd: dirs.tree },
    env: world.sandbox.environment({ home: dirs.home, tmp: dirs.tmp }),
    readOnly: [],
    readWrite: [dirs.tree, dirs.home, dirs.tmp],
    hide: [world.dataDir],
    network: "none",
  };
}

/** Runs a script as an agent of that run would; answers everything it said. */
export async function probe(world: World, runId: string, lines: string[]): Promise<string> {
  const dirs = await makeRun(world, runId);
  await writeFile(join(dirs.tree, "own.txt"), OWN, { mode: 0o600 });
  const script = ["exec 2>&1", "cat own.txt; echo", ...lines, "echo == end"].join("\n");
  const { stdout } = await world.sandbox.runSandboxed(
    specOf(world, runId, dirs),
    ["sh", "-c", script],
    { timeoutMs: PROBE_TIMEOUT_MS, outputBytesMax: 1_000_000 },
  );
  // It saw what is its own, and went through to its end.
  expect(stdout).toStartWith(`${OWN}\n`);
  expect(stdout).toEndWith("== end\n");
  return stdout;
}

/** Writes a secret as the town writes its files. */
async function plant(...parts: string[]): Promise<string> {
  const path = join(...parts);
  await writeFile(path, CANARY, { mode: 0o600 });
  return path;
}

/** A run that goes on until the test ends it; its environment and its files hold the canary. */
async function startOther(world: World, runId: string) {
  const dirs = await makeRun(world, runId);
  const planted = await Promise.all([
    plant(dirs.tree, "secret"),
    plant(dirs.home, "secret"),
    plant(dirs.tmp, "secret"),
  ]);
  // As open as an agent can make it.
  for (const path of planted) chmodSync(path, 0o644);
  const up = Promise.withResolvers<void>();
  const spec = specOf(world, runId, dirs);
  const started = await world.sandbox.start(
    { ...spec, env: { ...spec.env, SECRET: CANARY } },
    ["sh", "-c", "chmod -R 777 . ~ $TMPDIR; echo up; exec sleep 300"],
    { stdout: { onLine: () => up.resolve() } },
  );
  if (!started.ok) throw new Error(started.error.message);
  await up.promise;
  return { dirs, planted, process: started.value };
}

const READ_ENVIRONMENTS = `for p in /proc/[0-9]*; do tr '\\0' '\\n' < $p/environ; ls -l $p/cwd $p/fd; cat $p/maps $p/mem | head -c 1000; done`;

async function secrets(world: World): Promise<void> {
  const atHome = await mkdtemp(join(homedir(), ".gastown-canary-"));
  try {
    const paths = await Promise.all([
      plant(world.dataDir, "town.db"),
      plant(world.dataDir, "town.json"),
      plant(world.root, "spool.db"),
      plant(world.root, "member.json"),
      plant(atHome, "secret"),
    ]);
    chmodSync(join(atHome, "secret"), 0o644);
    const said = await probe(world, "r1", [
      ...paths.map((path) => `cat ${path} && echo READ; test -r ${path} && echo READ`),
      `ls -A ${homedir()} && echo LISTED; ls -A ${atHome} && echo LISTED`,
      `ls -A ${world.dataDir} | grep -v '^run' && echo LISTED`,
      `ls -A ${join(world.root, "runs")} | grep -v '^r1$' && echo LISTED`,
      `grep -rs ${CANARY} ${world.dataDir} && echo READ`,
    ]);
    expect(said).not.toContain(CANARY);
    expect(said).not.toContain("READ");
    expect(said).not.toContain("LISTED");
  } finally {
    await rm(atHome, { recursive: true });
  }
}

async function otherRun(world: World): Promise<void> {
  const { planted, dirs, process: other } = await startOther(world, "r2");
  const said = await probe(world, "r1", [
    ...planted.map((path) => `cat ${path} && echo READ`),
    `ls -A ${dirs.tree} ${dirs.home} && echo LISTED`,
    READ_ENVIRONMENTS,
  ]);
  expect(said).not.toContain(CANARY);
  expect(said).not.toContain("READ");
  expect(said).not.toContain("LISTED");
  await other.stop({ graceMs: 1_000 });
}

async function endedRun(world: World): Promise<void> {
  const { planted, dirs, process: other } = await startOther(world, "r2");
  await other.stop({ graceMs: 1_000 });
  for (const runId of ["r3", "r4", "r5", "r6"]) {
    const said = await probe(world, runId, [
      ...planted.map((path) => `cat ${path} && echo READ`),
      `ls -A ${dirs.tree} && echo LISTED`,
    ]);
    expect(said).not.toContain(CANARY);
    expect(said).not.toContain("LISTED");
  }
}

async function outside(world: World): Promise<void> {
  const { dirs, process: other } = await startOther(world, "r2");
  const ours = [
    ...[world.dataDir, world.root, join(world.root, "runs"), join(world.root, "runs", "r1")],
    ...[join(world.root, "toolbox"), dirs.tree, dirs.home],
  ];
  // Of the host itself it is only asked: a wall that is broken must not break the host.
  const hosts = [homedir(), "/usr", "/usr/bin/env", "/etc/passwd", "/var", "/srv"];
  // bubblewrap gives folders of that name of its own, which are gone with it.
  if (world.sandbox.mode !== "bwrap") hosts.push("/", "/etc", "/opt");
  const own = await makeRun(world, "r1");
  const said = await probe(world, "r1", [
    ...ours.map((dir) => `touch ${dir}/escaped`),
    `rm -rf ${dirs.tree}/secret; mv ${own.tree} ${own.tree}-moved`,
    ...[...hosts, "$(command -v bun)"].map(
      (path) => `test -w ${path} && test -e ${path} && echo "WRITABLE ${path}"`,
    ),
  ]);
  expect(said).not.toContain("WRITABLE");
  for (const dir of ours) expect([dir, existsSync(join(dir, "escaped"))]).toEqual([dir, false]);
  expect(existsSync(join(dirs.tree, "secret"))).toBe(true);
  expect(lstatSync(own.tree).isDirectory()).toBe(true);
  await other.stop({ graceMs: 1_000 });
}

async function signals(world: World): Promise<void> {
  const { process: other } = await startOther(world, "r2");
  const ours = await pidsOf(world, "r2", other);
  const said = await probe(world, "r1", [
    ...[process.pid, ...ours].map(
      (pid) => `kill -0 ${pid} && test -e /proc/${pid}/stat && kill -9 ${pid} && echo KILLED`,
    ),
  ]);
  // Inside, the number of somebody else's process may be one of the run's own.
  if (world.sandbox.mode !== "bwrap") expect(said).not.toContain("KILLED");
  expect(other.hasExited).toBe(false);
  expect((await other.stop({ graceMs: 2_000 })).cancelled).toBe(true);
}

async function pidsOf(world: World, runId: string, other: ManagedProcess): Promise<number[]> {
  const strays = await findStrays({ owner: world.owner, subject: runId });
  return [other.pid, ...strays.map(({ pid }) => pid)];
}

async function links(world: World): Promise<void> {
  const secret = await plant(world.root, "spool.db");
  const { dirs, process: other } = await startOther(world, "r2");
  const own = await makeRun(world, "r1");
  const said = await probe(world, "r1", [
    `ln -s ${secret} link; ln -s ${world.root} folder; ln -s ${dirs.tree} other; ln -s /proc/1/root root`,
    `ln ${secret} hard && echo LINKED; ln ${dirs.tree}/secret hard2 && echo LINKED`,
    "cat link folder/spool.db other/secret root/etc/shadow",
    `mkdir -p deep/er && ln -s ${world.dataDir} deep/er/up && chmod 000 deep`,
  ]);
  expect(said).not.toContain(CANARY);
  expect(said).not.toContain("LINKED");
  await other.stop({ graceMs: 1_000 });
  // Whoever gets the tree next (a save, a gate) changes nothing behind the links.
  const [before, after] = [lstatSync(secret), await owned(world, secret)];
  expect([after.uid, after.mode]).toEqual([before.uid, before.mode]);
  await rm(own.tree, { recursive: true, force: true });
  expect(await Bun.file(secret).text()).toBe(CANARY);
}

/** After the run was entered by as many commands as there are users. */
async function owned(world: World, path: string) {
  const dirs = await makeRun(world, "r1");
  const others = await Promise.all(["r7", "r8"].map((runId) => startOther(world, runId)));
  await world.sandbox.runSandboxed(specOf(world, "r1", dirs), ["ls", "-lR"], {
    timeoutMs: PROBE_TIMEOUT_MS,
  });
  for (const other of others) await other.process.stop({ graceMs: 1_000 });
  return lstatSync(path);
}

async function gateway(world: World): Promise<void> {
  const { dirs, process: other } = await startOther(world, "r2");
  const opened = openGateway({
    runId: "r2",
    listen:
      world.sandbox.mode === "bwrap"
        ? { unix: join(dirs.sockets, "gateway.sock") }
        : { tcp: true as const },
    token: CANARY,
    upstream: { baseUrl: "http://127.0.0.1:9", apiKey: CANARY },
    models: ["m"],
    now: Date.now,
    admit: () => ({ ok: true }),
    onUsage: () => undefined,
    onFailure: () => undefined,
  });
  const port = "port" in opened.address ? opened.address.port : 7_001;
  const ask = (headers: string) =>
    `bun -e 'await fetch("http://127.0.0.1:${port}/v1/models", { headers: ${headers} }).then((r) => console.log("STATUS", r.status), () => console.log("UNREACHED"))'`;
  const said = await probe(world, "r1", [
    ask("{}"),
    ask('{ authorization: "Bearer other" }'),
    `ls -l ${join(dirs.sockets, "gateway.sock")} && echo SEEN`,
  ]);
  await opened.close();
  await other.stop({ graceMs: 1_000 });
  const want = world.sandbox.closesNetwork ? "UNREACHED" : "STATUS 401";
  expect(said.match(/^(STATUS \d+|UNREACHED)$/gm)).toEqual([want, want]);
  expect(said).not.toContain("SEEN");
}

async function privileges(world: World): Promise<void> {
  const said = await probe(world, "r1", [
    "grep -E '^(CapEff|CapPrm|CapAmb|NoNewPrivs)' /proc/self/status",
    "su -c 'echo RAISED' root < /dev/null; sudo -n echo RAISED",
    "test $(id -u) = 0 || setpriv --reuid=0 echo RAISED",
    "mount -t tmpfs none /mnt && echo MOUNTED; chroot / echo RAISED",
    `chown 12345 own.txt && echo CHOWNED; cat /etc/shadow && echo READ`,
  ]);
  expect(said).toContain("CapEff:\t0000000000000000");
  expect(said).toContain("CapPrm:\t0000000000000000");
  expect(said).toContain("NoNewPrivs:\t1");
  for (const word of ["RAISED", "MOUNTED", "CHOWNED", "READ"]) expect(said).not.toContain(word);
}
