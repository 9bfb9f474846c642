// The wrapper, with a Bun that only writes down what it is asked for, so that nothing is downloaded.
import { expect, test } from "bun:test";
import { chmod, copyFile, mkdir, readlink, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { tempDir } from "../tests/support/temp-dir.ts";

const repository = dirname(import.meta.dir);

/** Programs the wrapper may use; each test's PATH has only these, and those it adds. */
const basics =
  "sh sed uname readlink dirname cat cksum ln rm mkdir mv tail find grep date sort sleep rmdir cut tr";

const recordingBun = `#!/bin/sh
case "$*" in
  --version) echo "$FAKE_VERSION" ;;
  install*) echo install >>"$FAKE_CALLS"; sleep 0.2; [ -z "$FAKE_FAIL" ] || { echo "error: no network"; exit 1; }; mkdir -p node_modules ;;
  *build-web.ts) echo build >>"$FAKE_CALLS"; mkdir -p dist/web ;;
  *build-program.ts) echo bundle >>"$FAKE_CALLS"; mkdir -p dist/program ;;
  *) echo "ran $*"; echo "install $GASTOWN_INSTALL_MS build $GASTOWN_BUILD_MS" ;;
esac
`;

interface Checkout {
  root: string;
  bin: string;
  /** What Bun was asked to do before the program ran. */
  calls(): Promise<string[]>;
  start(args: readonly string[], env?: Record<string, string>): Promise<Started>;
}

interface Started {
  exitCode: number;
  stdout: string;
  stderr: string;
}

async function checkout(folder: string): Promise<Checkout> {
  const root = join(folder, "checkout");
  const bin = join(folder, "bin");
  await mkdir(bin, { recursive: true });
  for (const path of [
    "gastown",
    "package.json",
    "bun.lock",
    "bunfig.toml",
    "scripts/build-web.ts",
    "scripts/build-program.ts",
  ]) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await copyFile(join(repository, path), join(root, path));
  }
  await Bun.write(join(root, "web/index.html"), "<!doctype html>");
  await Bun.write(join(root, "protocol/index.ts"), "export {};\n");
  await Bun.write(join(bin, "recording-bun"), recordingBun);
  await chmod(join(bin, "recording-bun"), 0o755);
  for (const name of [...basics.split(" "), "git"]) {
    const path = Bun.which(name);
    if (path !== null) await symlink(path, join(bin, name));
  }
  const callsFile = join(folder, "calls");
  const { engines } = (await Bun.file(join(root, "package.json")).json()) as {
    engines: { bun: string };
  };
  const env = {
    PATH: bin,
    HOME: folder,
    FAKE_CALLS: callsFile,
    FAKE_VERSION: engines.bun,
    FAKE_FAIL: "",
  };
  return {
    root,
    bin,
    calls: async () => {
      const file = Bun.file(callsFile);
      return (await file.exists()) ? (await file.text()).trim().split("\n") : [];
    },
    start: (args, more = {}) =>
      run(
        [join(root, "gastown"), ...args],
        { ...env, GASTOWN_BUN: join(bin, "recording-bun"), ...more },
        folder,
      ),
  };
}

async function run(command: string[], env: Record<string, string>, cwd: string): Promise<Started> {
  const child = Bun.spawn(command, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
}

test("[A1] the first start installs and builds, the second does neither, and stdout is the program's", async () => {
  await using dir = await tempDir("wrapper");
  const tree = await checkout(dir.path);
  const first = await tree.start(["up", "--json"]);
  expect(first.stdout).toContain(`${tree.root}/dist/program/main.js up --json`);
  expect(first.stdout).not.toContain("gastown:");
  expect(first.stderr).toContain("installing the locked dependencies");
  expect(first.stdout).toMatch(/install [1-9]\d* build \d+/);
  const second = await tree.start(["up"]);
  expect(second.stderr).toBe("");
  expect(second.stdout).toContain("install 0 build 0");
  expect(await tree.calls()).toEqual(["install", "build", "bundle"]);
});

test("[A1] a changed page or program builds again, a changed lock installs again, other commands need no pages", async () => {
  await using dir = await tempDir("wrapper");
  const tree = await checkout(dir.path);
  await tree.start(["status"]);
  expect(await tree.calls()).toEqual(["install", "bundle"]);
  await tree.start(["up"]);
  await Bun.write(join(tree.root, "web/main.tsx"), "export {};\n");
  await tree.start(["up"]);
  expect((await tree.calls()).slice(2)).toEqual(["build", "build"]);
  await Bun.write(join(tree.root, "cli/program.ts"), "export {};\n");
  await tree.start(["status"]);
  expect((await tree.calls()).slice(4)).toEqual(["bundle"]);
  await Bun.write(join(tree.root, "bun.lock"), "{}\n");
  await tree.start(["status"]);
  expect((await tree.calls()).slice(5)).toEqual(["install", "bundle"]);
});

test("[A1] starts at the same time install once, and all go on", async () => {
  await using dir = await tempDir("wrapper");
  const tree = await checkout(dir.path);
  const all = await Promise.all([1, 2, 3].map((n) => tree.start(["up", String(n)])));
  expect(all.map((started) => started.exitCode)).toEqual([0, 0, 0]);
  expect(await tree.calls()).toEqual(["install", "build", "bundle"]);
  expect(await Bun.file(join(tree.root, ".toolchain/install.lock")).exists()).toBe(false);
});

test("[A1] the lock of a start that was killed does not stop the next", async () => {
  await using dir = await tempDir("wrapper");
  const tree = await checkout(dir.path);
  const gone = Bun.spawn(["true"]);
  await gone.exited;
  await mkdir(join(tree.root, ".toolchain"));
  await symlink(String(gone.pid), join(tree.root, ".toolchain/install.lock"));
  const started = await tree.start(["up"]);
  expect(started.exitCode).toBe(0);
  const lock = await readlink(join(tree.root, ".toolchain/install.lock")).catch(() => "free");
  expect(lock).toBe("free");
});

test("[A1] a failed install says why, leaves no lock and no stamp, and the next start tries again", async () => {
  await using dir = await tempDir("wrapper");
  const tree = await checkout(dir.path);
  const failed = await tree.start(["up"], { FAKE_FAIL: "1" });
  expect(failed.exitCode).toBe(1);
  expect(failed.stdout).toBe("");
  expect(failed.stderr).toContain("error: no network");
  expect(failed.stderr).toContain("could not install the locked dependencies; check the network");
  expect((await tree.start(["up"])).exitCode).toBe(0);
  expect(await tree.calls()).toEqual(["install", "install", "build", "bundle"]);
});

test("[A1] without git, without any way to get Bun, or with a wrong GASTOWN_BUN: one sentence", async () => {
  await using dir = await tempDir("wrapper");
  const tree = await checkout(dir.path);
  const wrong = await tree.start(["up"], { GASTOWN_BUN: "/nowhere/bun" });
  expect(wrong).toMatchObject({ exitCode: 1, stdout: "" });
  expect(wrong.stderr).toBe(
    "gastown: GASTOWN_BUN names /nowhere/bun, which is not a program; unset it or correct it.\n",
  );
  const noBun = await tree.start(["status"], { GASTOWN_BUN: "" });
  expect(noBun.exitCode).toBe(1);
  expect(noBun.stderr).toContain("could not install Bun");
  expect(noBun.stderr).toContain("install npm, or curl and tar");
  await Bun.file(join(tree.bin, "git")).delete();
  const noGit = await tree.start(["up"]);
  expect(noGit).toMatchObject({ exitCode: 1, stdout: "" });
  expect(noGit.stderr).toMatch(/^gastown: git is missing; install it [^\n]*\n$/);
});

test("[A1] test, check, bench and fix run scripts; a symlink to the wrapper finds its checkout", async () => {
  await using dir = await tempDir("wrapper");
  const tree = await checkout(dir.path);
  for (const name of ["test", "check", "bench", "fix"]) {
    expect((await tree.start([name, "one"])).stdout).toContain(
      `${tree.root}/scripts/${name}.ts one\n`,
    );
  }
  await symlink("checkout/gastown", join(dir.path, "gt"));
  const env = {
    PATH: tree.bin,
    GASTOWN_BUN: join(tree.bin, "recording-bun"),
    FAKE_VERSION: "1",
    FAKE_CALLS: "/dev/null",
    FAKE_FAIL: "",
  };
  const linked = await run([join(dir.path, "gt"), "status"], env, dir.path);
  expect(linked.stdout).toContain(`${tree.root}/dist/program/main.js status\n`);
  expect(linked.stderr).toContain("GASTOWN_BUN is not Bun");
});
