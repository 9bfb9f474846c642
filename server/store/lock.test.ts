import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockTown } from "./lock.ts";

/** Another process that takes the lock, says so, and holds it until it is killed. */
function holderProgram(dir: string): string {
  const lock = JSON.stringify(join(import.meta.dir, "lock.ts"));
  return `
    const { lockTown } = await import(${lock});
    globalThis.held = lockTown(${JSON.stringify(dir)});
    console.log(globalThis.held === null ? "refused" : "held");
    setInterval(() => globalThis.held, 60_000);`;
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return new TextDecoder().decode(value).trim();
}

test("[A2] a data directory has one town, and a killed one leaves it free", async () => {
  const dir = mkdtempSync(join(tmpdir(), "gastown-lock-"));
  const child = Bun.spawn([process.execPath, "-e", holderProgram(dir)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    expect(await firstLine(child.stdout)).toBe("held");
    expect(lockTown(dir)).toBeNull();
    child.kill("SIGKILL");
    await child.exited;
    const lock = lockTown(dir);
    expect(lock).not.toBeNull();
    expect(lockTown(dir)).toBeNull();
    lock?.release();
    lockTown(dir)?.release();
  } finally {
    child.kill("SIGKILL");
    rmSync(dir, { recursive: true, force: true });
  }
});
