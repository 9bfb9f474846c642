/** The users of agents that `gastown doctor --fix` made on this host, and which of them this runner may lend. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { lockDirectory, type DirectoryLock } from "../../spool/lock.ts";
import type { AgentPool, AgentUser } from "./agent-user.ts";

/** Names of users and of groups for rigs, numbered from 1. */
export const USER_PREFIX = "gastown-";
export const RIG_GROUP_PREFIX = "gastown-rig-";

/** Runs that take no slot of an agent (merges, checks, the Mayor) need users too. */
export const USERS_BESIDE_SLOTS = 3;

const USER_NAME = /^gastown-\d+$/;
const RIG_GROUP_NAME = /^gastown-rig-\d+$/;
/** Gone after a restart of the host, as are those who held them. Nobody else may enter. */
const LOCKS_DIR = "/run/gastown-agents";

/** Pure: what two files of `/etc` say. A user counts only with a group of its own name, and never as root. */
export function poolIn(passwd: string, group: string): AgentPool {
  const groups = new Map(rows(group).map(([name = "", , gid]) => [name, Number(gid)]));
  const users = rows(passwd).flatMap(([name = "", , uid, gid]): AgentUser[] => {
    const user = { name, uid: Number(uid), gid: Number(gid) };
    const isOurs = USER_NAME.test(name) && user.uid > 0 && groups.get(name) === user.gid;
    return isOurs && user.gid > 0 ? [user] : [];
  });
  const rigGroups = [...groups].flatMap(([name, gid]) =>
    RIG_GROUP_NAME.test(name) && gid > 0 ? [gid] : [],
  );
  return { users, rigGroups };
}

/** As this host has them now. */
export function poolOfHost(): AgentPool {
  return poolIn(readFileSync("/etc/passwd", "utf8"), readFileSync("/etc/group", "utf8"));
}

export type Claim = AgentPool & { release(): void };

/**
 * Takes up to `count` users, with as many groups, that no other runner of this host holds. They are this process's until
 * `release`, or its end.
 */
export function claimUsers(pool: AgentPool, count: number, locksDir = LOCKS_DIR): Claim {
  mkdirSync(locksDir, { recursive: true, mode: 0o700 });
  const locks: DirectoryLock[] = [];
  const users: AgentUser[] = [];
  const rigGroups: number[] = [];
  for (const [n, user] of pool.users.entries()) {
    const gid = pool.rigGroups[n];
    if (users.length === count || gid === undefined) break;
    const lock = lockDirectory(join(locksDir, user.name));
    if (!lock.ok) continue;
    locks.push(lock.value);
    users.push(user);
    rigGroups.push(gid);
  }
  return { users, rigGroups, release: () => locks.forEach((lock) => lock.release()) };
}

function rows(text: string): string[][] {
  return text.split("\n").flatMap((line) => (line === "" ? [] : [line.split(":")]));
}
