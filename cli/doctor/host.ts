import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PROGRAM_TITLES } from "../../protocol/index.ts";
import { findPrograms } from "../../runner/agents/find-programs.ts";
import { programRoot } from "../../runner/program-root.ts";
import { markOwner } from "../../runner/process/mark.ts";
import { isAllowed, probeIsolation } from "../../runner/sandbox/probe.ts";
import { poolOfHost } from "../../runner/sandbox/users/host-users.ts";
import { tablesOfHost } from "../../runner/sandbox/users/nft.ts";
import { whyUnsuited } from "../../runner/sandbox/users/suits.ts";
import { fine, trouble, type Finding } from "./finding.ts";

const DISK_BYTES_LOW = 5 * 1024 ** 3;
const DISK_BYTES_NONE = 1024 ** 3;

/** Tries the very isolation that agents get. */
export async function checkSandbox(dataDir: string): Promise<Finding> {
  const owner = markOwner(tmpdir());
  const isolation = await probeIsolation(owner);
  if (isolation.mode !== "none") return fine("sandbox", isolation.reason);
  const pool = poolOfHost();
  const why = isAllowed("user")
    ? whyUnsuited({ pool, dataDir, home: homedir() })
    : "Users for agents are forbidden too.";
  if (why === null) {
    const tables = await tablesOfHost(pool.users, owner);
    const network = "why" in tables ? `open. ${tables.why}` : "filtered.";
    return fine(
      "sandbox",
      `agents run as ${pool.users.length} users of their own, their network ${network} ${isolation.reason.replace(/\.$/, "")}`,
    );
  }
  return trouble(
    "sandbox",
    "warn",
    `${isolation.reason} ${why.replace(/\.$/, "")}`,
    "Until then a rig works only after its owner has confirmed that agents on this host can read everything the owner can.",
  );
}

/** Which agent programs runners on this host find. */
export function checkPrograms(dataDir: string): Finding {
  const found = findPrograms({
    setting: null,
    path: process.env["PATH"] ?? "",
    roots: [programRoot()].filter((root) => root !== null),
    installDir: join(dataDir, "runner", "agents"),
  });
  const there = found.flatMap(({ program, at }) =>
    at.ok ? [`${PROGRAM_TITLES[program]} at ${at.value.path}`] : [],
  );
  const missing = found.flatMap(({ program, at }) => (at.ok ? [] : [PROGRAM_TITLES[program]]));
  const others = missing.length === 0 ? "" : `; not here: ${missing.join(", ")}`;
  if (there.length > 0) return fine("agents", `${there.join(", ")}${others}`);
  return trouble("agents", "fail", "no agent program was found", "Install @kilocode/cli.");
}

/** The place of the data directory, or of the first of its parents that is there. */
function firstExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : firstExisting(dirname(path));
}

export function checkDisk(dataDir: string): Finding {
  const { bavail, bsize } = statfsSync(firstExisting(dataDir));
  const bytes = bavail * bsize;
  const text = `${(bytes / 1024 ** 3).toFixed(1)} GiB free for ${dataDir}`;
  if (bytes >= DISK_BYTES_LOW) return fine("disk", text);
  const level = bytes < DISK_BYTES_NONE ? "fail" : "warn";
  return trouble("disk", level, text, "Free some space, or choose another place with --data.");
}

export function checkDataDir(dataDir: string): Finding {
  const place = firstExisting(dataDir);
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return trouble(
      "data",
      "fail",
      `${place} cannot be written (${code})`,
      "Give this user the right, or choose another place with --data.",
    );
  }
  if (place !== dataDir) return fine("data", `${dataDir} will be made at the first start`);
  const { mode } = statSync(dataDir);
  // Users of agents pass it, and see nothing.
  if ((mode & 0o066) === 0) return fine("data", dataDir);
  return trouble("data", "warn", `others can look into ${dataDir}`, `chmod 700 ${dataDir}`);
}

/** Whether a town could listen there. */
export function checkPort(host: string, port: number): Finding {
  try {
    const listener = Bun.listen({ hostname: host, port, socket: { data: () => undefined } });
    listener.stop(true);
    return fine("port", `port ${port} of ${host} is free`);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return trouble(
      "port",
      "warn",
      `port ${port} of ${host} cannot be used`,
      "Choose another with --port, or --port 0 for a free one.",
    );
  }
}
