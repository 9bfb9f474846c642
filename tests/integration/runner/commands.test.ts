import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SocketDirs } from "../../../runner/agents/socket-dirs.ts";
import { systemRandom } from "../../../runner/clock.ts";
import { markOwner } from "../../../runner/process/mark.ts";
import { probeIsolation } from "../../../runner/sandbox/probe.ts";
import { sandboxCommands } from "../../../runner/sandbox/rig-commands.ts";
import { Sandbox } from "../../../runner/sandbox/sandbox.ts";
import { prepareToolbox } from "../../../runner/sandbox/toolbox.ts";
import { commandsContract } from "../../contract/commands/commands.contract.ts";

commandsContract(
  "the sandbox",
  async () => {
    const dir = await mkdtemp(join(tmpdir(), "gt-commands-"));
    const owner = markOwner(dir);
    const place = {
      treeDir: join(dir, "tree"),
      homeDir: join(dir, "home"),
      tmpDir: join(dir, "tmp"),
      readOnly: [],
    };
    await mkdir(place.treeDir);
    const isolation = await probeIsolation(owner);
    const parts = { runtime: process.execPath, compiled: false };
    const toolbox = await prepareToolbox(join(dir, "toolbox"), parts);
    const sandbox = new Sandbox({ isolation, toolbox, hostPath: process.env["PATH"] ?? "" });
    const sockets = new SocketDirs({ tmpDir: dir, owner, random: systemRandom });
    return {
      commands: sandboxCommands({ sandbox, owner, hide: [], sockets }),
      place,
      read: (path: string) => readFile(join(place.treeDir, path), "utf8").catch(() => null),
      settle: <T>(promise: Promise<T>) => promise,
      [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
    };
  },
  60_000,
);
