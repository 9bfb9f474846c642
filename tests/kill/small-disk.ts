// A disk of its own for a program, whose size a test changes while it is used: a file system in memory, in a namespace.
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "./eventually.ts";

export interface SmallDisk extends AsyncDisposable {
  /** The command line that runs another where the disk is. */
  within: readonly string[];
  /** Where files of it are seen by everybody else. */
  seen(path: string): string;
  /** Leaves so much room on it, beyond what lies there. */
  leave(bytes: number): Promise<void>;
}

/** Puts an empty disk at `dir`, until the end of the scope. */
export async function smallDisk(dir: string): Promise<SmallDisk> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const mount = `mount -t tmpfs -o size=64g,mode=700 tmpfs '${dir}' && : >'${dir}/mounted' && exec sleep infinity`;
  const holder = Bun.spawn(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = holder.exited.then((code) => {
    throw new Error(`no disk could be made: unshare ended with ${code}`);
  });
  const seen = (path: string): string => join(`/proc/${holder.pid}/root`, path);
  const there = eventually("the disk is there", () =>
    Promise.resolve(existsSync(seen(join(dir, "mounted"))) || undefined),
  );
  await Promise.race([there, ended]);
  ended.catch(() => undefined);
  const within = ["nsenter", "-t", `${holder.pid}`, "--user", "--mount", "--preserve-credentials"];
  const inside = async (command: string): Promise<string> => {
    const child = Bun.spawn([...within, "sh", "-c", command], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [text, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
    if (code !== 0) throw new Error(`${command}: ended with ${code}`);
    return text;
  };
  return {
    within,
    seen,
    async leave(bytes) {
      const used = Number(await inside(`df --output=used -B1 '${dir}' | tail -n 1`));
      await inside(`mount -o remount,size=${used + bytes} '${dir}'`);
    },
    async [Symbol.asyncDispose]() {
      holder.kill("SIGKILL");
      await holder.exited;
    },
  };
}
