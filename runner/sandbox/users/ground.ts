/**
 * What of the runner's folder a run's user may enter. Each run, scratch folder and rig has one door, its folder:
 * closed (root's, 0700) unless a run is inside, and then open to that run's group alone. What lies behind it may belong
 * to whoever was there before.
 */
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { markOf } from "../../process/mark.ts";
import { run } from "../../process/process.ts";
import type { AgentUser } from "./agent-user.ts";

const CLOSED = 0o700;
const OPEN_TO_GROUP = 0o710;
const PASSABLE = 0o711;
const READABLE = 0o755;
const PASSING = 0o011;
const OTHERS = 0o077;
const HANDOVER_TIMEOUT_MS = 10 * 60_000;
const CHOWN = "/bin/chown";

/** Folders with a door per entry. */
const DOORED = ["runs", "warm", "scratch", "rigs"];
/** Programs that every user may run. */
const SHARED = ["toolbox", "agents"];

export class Ground {
  readonly #root: string;
  readonly #owner: string;

  /** `root` is the runner's folder, by its real path; `owner` marks what is started for it. */
  constructor({ root, owner }: { root: string; owner: string }) {
    this.#root = root;
    this.#owner = owner;
  }

  /** Makes the way to the doors passable, closes them, and shuts all else of the runner's folder; `dataDir` holds it. */
  prepare(dataDir: string): void {
    for (const name of DOORED) mkdirSync(join(this.#root, name), { recursive: true });
    for (const dir of [dataDir, this.#root]) chmodSync(dir, modeOf(dir) | PASSING);
    for (const name of readdirSync(this.#root)) {
      const path = join(this.#root, name);
      if (DOORED.includes(name)) chmodSync(path, PASSABLE);
      else if (SHARED.includes(name)) chmodSync(path, READABLE);
      else shut(path);
    }
    for (const path of this.doors()) this.close(path);
  }

  /** Takes everything back, for a runner that lends no users: what those of an earlier one had is the runner's again. */
  async reclaim(dataDir: string): Promise<void> {
    for (const dir of [dataDir, this.#root]) if (modeOf(dir) === PASSABLE) chmodSync(dir, CLOSED);
    const runner = { name: "the runner", uid: 0, gid: 0 };
    for (const door of this.doors()) {
      this.close(door);
      for (const name of namesIn(door)) {
        const path = join(door, name);
        const from = lstatSync(path).uid;
        if (from !== 0) await this.#handOver(path, from, runner);
      }
    }
  }

  /** Every door there is. */
  doors(): string[] {
    return DOORED.flatMap((kind) =>
      namesIn(join(this.#root, kind)).map((name) => join(this.#root, kind, name)),
    );
  }

  /** What nobody but the runner may read: everything of its folder and of the data directory but doors and programs. */
  secrets(dataDir: string): string[] {
    const passable = new Set([...DOORED, ...SHARED]);
    return [
      ...namesIn(dataDir).map((name) => join(dataDir, name)),
      ...namesIn(this.#root).flatMap((name) =>
        passable.has(name) ? [] : [join(this.#root, name)],
      ),
      ...this.doors(),
    ].filter((path) => path !== this.#root);
  }

  /** The door before a path, and whether it is a rig's; null for what lies behind none. */
  doorOf(path: string): { door: string; isRig: boolean } | null {
    const [kind = "", name] = relative(this.#root, path).split(sep);
    if (!DOORED.includes(kind) || name === undefined) return null;
    return { door: join(this.#root, kind, name), isRig: kind === "rigs" };
  }

  /** Opens a rig's door to a group. Its mirror can be read; what lies beside it cannot. */
  openRig(door: string, gid: number, mirror: string): void {
    for (const name of namesIn(door)) {
      const path = join(door, name);
      if (path === mirror) chmodSync(path, READABLE);
      else shut(path);
    }
    chownSync(door, 0, gid);
    chmodSync(door, OPEN_TO_GROUP);
  }

  /**
   * Hands `paths` behind a run's door to its user, then opens the door. What is only read may stay the runner's, unless
   * another user had it. Nobody of an earlier user is alive or can pass the door.
   */
  async openRun(
    door: string,
    user: AgentUser,
    paths: readonly { path: string; writable: boolean }[],
  ): Promise<void> {
    for (const { path, writable } of paths) {
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (found === undefined) continue;
      for (let at = dirname(path); at.startsWith(`${door}${sep}`); at = dirname(at))
        if (lstatSync(at).uid === 0) chmodSync(at, PASSABLE);
      if (found.uid === user.uid) continue;
      if (writable || found.uid !== 0) await this.#handOver(path, found.uid, user);
      else if (found.isDirectory()) chmodSync(path, READABLE);
    }
    chownSync(door, 0, user.gid);
    chmodSync(door, OPEN_TO_GROUP);
  }

  /** Closed to everybody but the runner. Not an error when it is gone. */
  close(door: string): void {
    const found = statSync(door, { throwIfNoEntry: false });
    if (found === undefined) return;
    chmodSync(door, CLOSED);
    chownSync(door, 0, 0);
  }

  /**
   * Folders after what lies in them, links never followed, and only what the last owner had: a hard link that an agent
   * made to somebody else's file stays theirs.
   */
  async #handOver(path: string, from: number, user: AgentUser): Promise<void> {
    const argv = [CHOWN, "-RhP", `--from=${from}`, `${user.uid}:${user.gid}`, "--", path];
    const { exit, stderr } = await run(argv, {
      cwd: "/",
      env: { LC_ALL: "C" },
      mark: markOf(this.#owner, "handover"),
      timeoutMs: HANDOVER_TIMEOUT_MS,
    });
    if (exit.code !== 0)
      throw new Error(`${path} could not be handed to ${user.name}: ${stderr.slice(0, 300)}`);
  }
}

function shut(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isSymbolicLink() || (found.mode & OTHERS) === 0) return;
  chmodSync(path, found.mode & 0o700);
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

function namesIn(dir: string): string[] {
  const found = statSync(dir, { throwIfNoEntry: false });
  return found?.isDirectory() === true ? readdirSync(dir) : [];
}
