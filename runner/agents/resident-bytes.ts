/** Memory of a process and everything below it, from /proc. */
import { readdir, readFile } from "node:fs/promises";

/** Resident bytes of `pid` and its descendants; null where /proc is not there. */
export async function residentBytesOf(pid: number): Promise<number | null> {
  if (process.platform !== "linux") return null;
  const children = await childrenByParent();
  let bytes = 0;
  const open = [pid];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    bytes += await residentOf(next);
    open.push(...(children.get(next) ?? []));
  }
  return bytes;
}

async function childrenByParent(): Promise<Map<number, number[]>> {
  const children = new Map<number, number[]>();
  for (const name of await readdir("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = Number(/^PPid:\s+(\d+)/m.exec(await status(pid))?.[1]);
    if (Number.isInteger(parent)) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  return children;
}

async function residentOf(pid: number): Promise<number> {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(await status(pid))?.[1] ?? 0) * 1024;
}

/** Empty for a process that has ended meanwhile. */
async function status(pid: number): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/status`, "utf8");
  } catch (error) {
    if (
      error instanceof Error &&
      "code" in error &&
      (error.code === "ENOENT" || error.code === "ESRCH")
    )
      return "";
    throw error;
  }
}
