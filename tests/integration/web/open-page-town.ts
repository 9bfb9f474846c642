/** The built page over real doors (auth, HTTP, sockets) and a town in memory, for tests of the page alone. */
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { mkdtemp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { encodeId, type Image } from "../../../protocol/index.ts";
import { buildWeb } from "../../../scripts/build-web.ts";
import { openAuth } from "../../../server/auth/auth.ts";
import { openEdges } from "../../../server/edges.ts";
import { MemoryTown, townId } from "../edges/memory-town.ts";
import { systemRandom } from "../edges/open-town.ts";

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const root = dirname(dirname(dirname(import.meta.dir)));

export interface PageTown extends AsyncDisposable {
  town: MemoryTown;
  url: string;
  /** A fresh one-time link. */
  link(): string;
  /** Closes the doors and opens them again on the same port. */
  restart(whileClosed: () => Promise<void>): Promise<void>;
}

export async function openPageTown(): Promise<PageTown> {
  const dir = await mkdtemp(join(tmpdir(), "gastown-web-"));
  const webDir = join(dir, "web");
  const built = await buildWeb(join(root, "web", "index.html"), webDir);
  if (!built.ok) throw new Error(built.messages.join("\n"));
  const clock = { now: () => Date.now(), mono: () => performance.now() };
  const auth = openAuth({ dataDir: dir, clock, random: systemRandom, keyFile: join(dir, "key") });
  const town = new MemoryTown();
  // A bead's drawer asks for it at once.
  town.answers.set("bead.explain", () => ({ id: "", text: "It is open.", reasons: [], can: [] }));
  const open = (port: number) => {
    const opened = openEdges({
      auth,
      host: "127.0.0.1",
      port,
      webDir,
      log: quiet,
      version: "1.2.3",
    });
    opened.bind(town);
    return opened;
  };
  let edges = open(0);
  return {
    town,
    url: edges.url,
    link: () => `${edges.url}/#login=${auth.createLogin().token}`,
    async restart(whileClosed) {
      const { port } = edges;
      await edges.stop();
      await whileClosed();
      edges = open(port);
    },
    async [Symbol.asyncDispose]() {
      await edges.stop();
      auth.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export const sampleTown: Image<"town"> = {
  id: townId,
  name: "Lampfield",
  epoch: 1,
  appVersion: "1.2.3",
  demo: false,
  model: null,
  sessionId: encodeId("session", new Uint8Array(16).fill(2)),
  slots: 2,
  observingUntilAt: null,
  limits: {
    day: { spentUsd: 0, limitUsd: null, usedUp: null },
    pause: null,
    paused: [],
    provider: null,
    breaker: { state: "closed", since: 0, untilAt: null, reason: null },
  },
  linesAtRisk: 0,
  usage: {
    calls: 0,
    inputTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    costUsd: 0,
    unpricedCalls: 0,
  },
  startedAt: 0,
};
