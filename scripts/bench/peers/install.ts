// The peers are packages of their own (`bench/`), installed when a bench needs them: the town does without.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { NotRun } from "../bench.ts";

/** Loads a package of `bench/` as `T` says it is. @throws NotRun when it can not be installed */
export async function loadPeer<T>(root: string, name: string): Promise<T> {
  await installPeers(root, name);
  return (await import(Bun.resolveSync(name, join(root, "bench")))) as T;
}

/** Installs the packages of `bench/` unless `name` is there. @throws NotRun when that cannot be done */
export async function installPeers(root: string, name: string): Promise<void> {
  const home = join(root, "bench");
  if (!existsSync(join(home, "node_modules", name))) {
    const install = [process.execPath, "install", "--frozen-lockfile", "--no-progress"];
    const child = Bun.spawn(install, { cwd: home, stdio: ["ignore", "ignore", "inherit"] });
    if ((await child.exited) !== 0)
      throw new NotRun(`${name} could not be installed; check the network and start again.`);
  }
}
