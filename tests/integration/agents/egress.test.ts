// What a rig's egress lets out of a real sandbox, and what it does not, on this host's loopback.
import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { join } from "node:path";
import { SocketDirs } from "../../../runner/agents/socket-dirs.ts";
import { systemRandom } from "../../../runner/clock.ts";
import type { Reach } from "../../../runner/egress/destination.ts";
import { openEgressProxy } from "../../../runner/egress/proxy.ts";
import { sandboxCommands } from "../../../runner/sandbox/rig-commands.ts";
import type { SandboxMode } from "../../../runner/sandbox/sandbox-spec.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { makeRun, openWorld } from "./stage.ts";

const TIMEOUT_MS = 60_000;
const MEBIBYTE = 1024 * 1024;

/** What a gate of a rig says, that runs these lines. */
async function gate(
  mode: SandboxMode,
  network: "none" | { reach: Reach },
  lines: string[],
): Promise<string> {
  await using world = await openWorld(mode);
  const dirs = await makeRun(world, "r1");
  const sockets = new SocketDirs({ tmpDir: dirs.tmp, owner: world.owner, random: systemRandom });
  const commands = sandboxCommands({
    ...{ sandbox: world.sandbox, owner: world.owner, hide: [world.dataDir], sockets },
  });
  const end = await commands.run({
    runId: "r1",
    line: lines.join("\n"),
    place: { treeDir: dirs.tree, homeDir: dirs.home, tmpDir: dirs.tmp, readOnly: [] },
    env: {},
    network,
    timeoutMs: TIMEOUT_MS,
    signal: new AbortController().signal,
  });
  if (end.kind !== "ran") throw new Error(end.message);
  return end.output;
}

/** The isolations that close the network here; users' does where the packet filter works. */
async function closing(): Promise<SandboxMode[]> {
  const modes: SandboxMode[] = isLeftOut("sandbox") ? [] : ["bwrap"];
  if (isLeftOut("users")) return modes;
  await using world = await openWorld("user");
  return world.sandbox.closesNetwork ? [...modes, "user"] : modes;
}

const modes = await closing();

const get = (url: string, more = "") =>
  `bun -e 'await fetch("${url}", {${more}}).then(async (r) => console.log(r.status, (await r.text()).trim()), (e) => console.log("FAILED", e.code ?? e.name))'`;

test.each(modes)(
  "[C23] %s: a gate reaches the places that its rig names, by address and port, and no other",
  async (mode) => {
    using named = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => new Response(`named ${request.method} ${await request.text()}`),
    });
    using other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("other") });
    const said = await gate(
      mode,
      { reach: [`127.0.0.1:${named.port}`, `localhost:${other.port}`] },
      [
        // Its own loopback is left out of proxies: only a program that is told to goes to the host's.
        "unset NO_PROXY no_proxy",
        get(`http://127.0.0.1:${named.port}/a?b=1`),
        get(`http://127.0.0.1:${named.port}/`, 'method: "POST", body: "words"'),
        get(`http://127.0.0.1:${other.port}/`),
        get(`http://localhost:${other.port}/`),
        get("http://169.254.169.254/latest/meta-data/"),
        `bash -c 'exec 3<>/dev/tcp/127.0.0.1/${named.port}' 2>/dev/null || echo closed without the proxy`,
      ],
    );
    const lines = said.trim().split("\n");
    expect(lines.slice(0, 2)).toEqual(["200 named GET", "200 named POST words"]);
    expect(lines[2]).toStartWith(`403 127.0.0.1:${other.port}: The rig's egress does not name it.`);
    // A name that leads to the host itself is no way in.
    expect(lines[3]).toStartWith(`403 localhost:${other.port}: It leads to a private address`);
    expect(lines[4]).toStartWith("403 169.254.169.254:80: ");
    expect(lines[5]).toBe("closed without the proxy");
  },
  TIMEOUT_MS,
);

test.each(modes)(
  "[C23] %s: the internet as a whole leaves out the host, its neighbours and the metadata address; none leaves out all",
  async (mode) => {
    using town = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("town") });
    const open = await gate(mode, { reach: "public" }, [
      "unset NO_PROXY no_proxy",
      get(`http://127.0.0.1:${town.port}/`),
      get(`http://[::1]:${town.port}/`),
      get("http://169.254.169.254/"),
      get("http://10.0.0.1/"),
    ]);
    expect(open.match(/^403 /gm)).toHaveLength(4);
    const none = await gate(mode, "none", [
      "env | grep -i proxy",
      get(`http://127.0.0.1:${town.port}/`),
    ]);
    expect(none).toMatch(/^FAILED \S+\n$/);
  },
  TIMEOUT_MS,
);

test("[C23] the way out carries bytes both ways, refuses what it cannot read, and ends with its run", async () => {
  await using dir = await tempDir("egress");
  const unix = join(dir.path, "egress.sock");
  const refused: string[] = [];
  const echo = createServer((socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  const at = echo.address();
  const port = typeof at === "object" && at !== null ? at.port : 0;
  const proxy = openEgressProxy({
    ...{ listen: { unix }, reach: [`127.0.0.1:${port}`] },
    onRefused: (destination) => refused.push(destination),
  });
  await proxy.opened;
  const tunnel = await talk(unix, `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: x\r\n\r\n`, {
    bytes: MEBIBYTE,
  });
  expect(tunnel.head).toStartWith("HTTP/1.1 200 ");
  expect(tunnel.bodyBytes).toBe(MEBIBYTE);
  const status = async (text: string) => (await talk(unix, text)).head.slice(9, 12);
  expect(await status("CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n")).toBe("403");
  expect(await status("GET /etc/passwd HTTP/1.1\r\n\r\n")).toBe("400");
  expect(await status("GET ftp://127.0.0.1/ HTTP/1.1\r\n\r\n")).toBe("400");
  expect(await status("CONNECT no-such-name.invalid:443 HTTP/1.1\r\n\r\n")).toBe("403");
  expect(await status(`GET http://x/ HTTP/1.1\r\nA: ${"y".repeat(40_000)}`)).toBe("431");
  expect(refused).toEqual(["127.0.0.1:1", "no-such-name.invalid:443"]);
  const open = talk(unix, `CONNECT 127.0.0.1:${port} HTTP/1.1\r\n\r\n`, { bytes: 1, holds: true });
  await open.then(({ closed }) => Promise.all([proxy.close(), closed]));
  expect(await Bun.file(unix).exists()).toBe(false);
  echo.close();
});

/** Says something to the socket, then `bytes` more once it was answered; waits for as many, or for the end. */
async function talk(
  unix: string,
  text: string,
  { bytes = 0, holds = false }: { bytes?: number; holds?: boolean } = {},
) {
  const { createConnection } = await import("node:net");
  const socket = createConnection(unix);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const enough = Promise.withResolvers<void>();
  let said = Buffer.alloc(0);
  let head: string | null = null;
  socket.on("error", () => undefined);
  socket.on("data", (chunk: Buffer) => {
    said = Buffer.concat([said, chunk]);
    const end = said.indexOf("\r\n\r\n");
    if (head === null && end >= 0) {
      head = said.subarray(0, end).toString();
      said = said.subarray(end + 4);
      if (bytes > 0) socket.write(Buffer.alloc(bytes, 7));
    }
    if (head !== null && bytes > 0 && said.length >= bytes) enough.resolve();
  });
  socket.write(text);
  await Promise.race([enough.promise, closed]);
  if (!holds) socket.destroy();
  return { head: head ?? "", bodyBytes: said.length, closed };
}
