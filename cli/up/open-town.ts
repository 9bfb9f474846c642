/** Opens a town with its doors: the one place where core, auth and edges are put together. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { programRoot } from "../../runner/program-root.ts";
import { openAuth, type Auth } from "../../server/auth/auth.ts";
import { loginLink } from "../../server/auth/login-link.ts";
import type { Clock, Log, Random, TownCore } from "../../server/core.ts";
import { collectOldGarbage } from "../../server/old-garbage.ts";
import { openEdges, type Edges } from "../../server/edges.ts";
import { openLog, type OpenLog } from "../../server/log.ts";
import { testModel } from "../../server/model-test.ts";
import { Recorder } from "../../server/replay/recorder.ts";
import { openRecording, type Recording } from "../../server/replay/recording.ts";
import { lockTown } from "../../server/store/lock.ts";
import type { TownOptions } from "../../server/town-options.ts";
import { openTown, type OpenTown } from "../../server/town.ts";
import { Complaint } from "../complaint.ts";
import { printNote } from "../output.ts";
import { findTownFile } from "../town-file.ts";
import { appVersion } from "../version.ts";
import type { DemoTown } from "./demo-town.ts";
import { gitAuthor } from "./git-author.ts";
import { policyOverride } from "./policy-override.ts";

export const systemClock: Clock = { now: () => Date.now(), mono: () => performance.now() };
export const systemRandom: Random = {
  unit: () => Math.random(),
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};

const WEB_DIR = join(programRoot() ?? import.meta.dir, "dist", "web");

export interface TownHouse {
  core: TownCore;
  auth: Auth;
  edges: Edges;
  log: OpenLog;
  /** Closes the doors, then the town. */
  stop(): Promise<void>;
}

export interface HouseOptions {
  dataDir: string;
  host: string;
  port: number;
  publicUrl?: string;
  /** What the town is given is recorded. */
  record: boolean;
  /** Where the key of its secrets lies; outside of the data directory unless given. */
  keyFile?: string;
}

/**
 * Takes the data directory for this process until `release`.
 * @throws Complaint with the first town's address when another holds it
 */
export function claimDirectory(dataDir: string): { release(): void } {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new Complaint(
      `The data directory ${dataDir} cannot be made (${code}). Choose another with --data.`,
    );
  }
  const lock = lockTown(dataDir);
  if (lock !== null) return lock;
  const other = findTownFile(dataDir);
  const where = other === null ? "" : ` at ${other.url} (process ${other.pid})`;
  throw new Complaint(
    `A town runs on ${dataDir} already${where}. \`gastown login\` prints a link to it, \`gastown down\` stops it.`,
  );
}

/** The doors open first: a port in use is told before anything is written. */
export async function openHouse(options: HouseOptions, demo: DemoTown | null): Promise<TownHouse> {
  const ports = { clock: systemClock, random: systemRandom };
  // Asked at once and awaited when it is needed: git takes as long as opening the doors.
  const asked = gitAuthor();
  const closing: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  };
  try {
    const log = openLog(options.dataDir, "town", (line) => printNote(`gastown: ${line}`));
    closing.push(() => log.close());
    const auth = openAuth({ dataDir: options.dataDir, ...ports, ...keyOf(options) });
    closing.push(() => auth.close());
    const edges = openEdges({ ...options, auth, webDir: WEB_DIR, log, version: appVersion });
    // Sockets end before the town: nothing may reach a core that is closing.
    const closeEdges = () => edges.stop();
    closing.push(closeEdges);
    const author = await asked;
    const recording = options.record ? record(options.dataDir) : null;
    if (recording !== null) closing.splice(closing.indexOf(closeEdges), 0, () => recording.close());
    const { core, town } = await privately(() =>
      openRecorded(recording, log, {
        data: options.dataDir,
        ...ports,
        log,
        auth,
        runnerPort: edges.runnerPort,
        appVersion,
        demo: demo !== null,
        policy: { ...demo?.policy, ...policyOverride(process.env["GASTOWN_POLICY"]) },
        ...(demo === null ? {} : { scriptedModel: { baseUrl: demo.model.url, model: "scripted" } }),
        loginUrl: (token) => loginLink(edges.publicUrl, token),
        ...(author === null ? {} : { author }),
        modelTest: (endpoint) => testModel(endpoint, systemClock),
      }),
    );
    closing.splice(closing.indexOf(closeEdges), 0, () => town.stop());
    await tellRevoked(auth, core);
    edges.bind(core);
    closing.push(collectOldGarbage());
    return { core, auth, edges, log, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function keyOf({ keyFile }: HouseOptions): { keyFile?: string } {
  return keyFile === undefined ? {} : { keyFile };
}

/** A town that was killed between the two has not heard what its logins know. */
async function tellRevoked(auth: Auth, core: TownCore): Promise<void> {
  for (const { id, role, revokedAt } of auth.listTokens())
    if (role === "runner" && revokedAt !== null) await core.revoked(id);
}

/** @throws Complaint when the town is too large to be recorded */
function record(dataDir: string): Recording {
  const recording = openRecording(dataDir);
  if (!recording.ok) throw new Complaint(recording.error.message);
  return recording.value;
}

/** A town, and what its doors are given as its core: the recorder's where there is one. */
async function openRecorded(
  recording: Recording | null,
  log: Log,
  options: TownOptions,
): Promise<{ town: OpenTown; core: TownCore }> {
  if (recording === null) {
    const town = await openTown(options);
    return { town, core: town.core };
  }
  const recorder = new Recorder(options, {
    write: (line) => recording.write(line),
    ended: (reason) => log.warn({ reason }, "the recording has ended"),
  });
  const town = await openTown(recorder.options);
  return { town, core: recorder.core(town.core) };
}

/** Files that `make` creates are their owner's only. Not for longer: children would inherit it. */
async function privately<T>(make: () => Promise<T>): Promise<T> {
  const before = process.umask(0o077);
  try {
    return await make();
  } finally {
    process.umask(before);
  }
}
