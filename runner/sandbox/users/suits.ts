/** Whether agents can be users of their own here: what can be seen without trying, then by trying as such a user. */
import { accessSync, constants, lstatSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { markOf } from "../../process/mark.ts";
import { run } from "../../process/process.ts";
import { becoming, type AgentPool, type AgentUser } from "./agent-user.ts";

/** Of util-linux; a part of every Debian. */
export const SETPRIV = "/usr/bin/setpriv";
const EXECUTE_BY_OTHERS = 0o001;
const READ_OR_EXECUTE_BY_OTHERS = 0o005;
const TRIAL_TIMEOUT_MS = 10_000;

/** Null when nothing speaks against it; else a sentence that says what does, and what to do. */
export function whyUnsuited(host: {
  pool: AgentPool;
  /** The data directory, or where it will be. */
  dataDir: string;
  home: string;
}): string | null {
  const { pool, dataDir, home } = host;
  if (process.platform !== "linux") return "Users for agents need Linux.";
  if (process.getuid?.() !== 0)
    return "Users for agents need a runner that root starts; this one cannot change users.";
  if (!isProgram(SETPRIV)) return "Users for agents need setpriv. Install util-linux.";
  if (Math.min(pool.users.length, pool.rigGroups.length) === 0)
    return "No users for agents are set up. `gastown doctor --fix` makes them.";
  const wall = firstWall(dataDir);
  if (wall !== null)
    return `Users for agents cannot get through ${wall}. Give the town another place, such as --data /var/lib/gastown.`;
  if (home !== "/" && isOpenToOthers(home))
    return `Every user of this host can look into ${home}. Close it: chmod 700 ${home}`;
  return null;
}

/** The first folder on the way to `path`, this one left out, through which others cannot pass. */
function firstWall(path: string): string | null {
  const parents: string[] = [];
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) parents.unshift(at);
  return parents.find((parent) => !isPassable(parent)) ?? null;
}

/** What is not there yet will be made passable. */
function isPassable(dir: string): boolean {
  const found = statSync(dir, { throwIfNoEntry: false });
  return found === undefined || (found.mode & EXECUTE_BY_OTHERS) !== 0;
}

function isOpenToOthers(dir: string): boolean {
  const found = statSync(dir, { throwIfNoEntry: false });
  return found !== undefined && (found.mode & READ_OR_EXECUTE_BY_OTHERS) !== 0;
}

/** Whether every user may read a file, all folders on the way included. */
export function isPublic(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || (found.mode & 0o004) === 0) return false;
  return firstWall(path) === null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Missing and not executable are the same answer.
    return false;
  }
}

/** Names each path that can be read or entered, and each need that cannot. */
const SCRIPT = `
needs=$1; shift
while [ "$needs" -gt 0 ]; do [ -r "$1" ] || echo "needs $1"; shift; needs=$((needs - 1)); done
for path do if [ -r "$path" ] || [ -x "$path" ]; then echo "sees $path"; fi; done`;

/** Tries it: as that user, `secrets` must not be seen and `needs` must run. Null when it is so; else a sentence. */
export async function tryUser(
  user: AgentUser,
  {
    owner,
    secrets,
    needs,
  }: { owner: string; secrets: readonly string[]; needs: readonly string[] },
): Promise<string | null> {
  const arguments_ = [String(needs.length), ...needs, ...secrets];
  const { exit, stdout, stderr } = await run(
    [...becoming(SETPRIV, user), "/bin/sh", "-c", SCRIPT, "sh", ...arguments_],
    {
      cwd: "/",
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
      mark: markOf(owner, "probe"),
      timeoutMs: TRIAL_TIMEOUT_MS,
    },
  );
  const said = stdout.split("\n")[0] ?? "";
  if (exit.code !== 0)
    return `Nothing can be run as ${user.name}: ${stderr.trim().split("\n")[0] ?? "no answer"}.`;
  if (said.startsWith("needs ")) return `${user.name} cannot read ${said.slice(6)}.`;
  if (said.startsWith("sees "))
    return `${user.name} can read ${said.slice(5)}. Take that right away.`;
  return null;
}
