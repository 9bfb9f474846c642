// `gastown doctor` sets users for agents up and takes them away, on a copy of this host's files of users.
import { expect, test } from "bun:test";
import { chmod, cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { poolIn } from "../../../runner/sandbox/users/host-users.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { repositoryRoot } from "../../support/town-process.ts";

const TIMEOUT_MS = 120_000;
/** Root's own capabilities, with `etc` in the place of `/etc`, and bubblewrap forbidden. */
const script = (etc: string) => `mount --bind '${etc}' /etc && exec "$@"`;

test.skipIf(isLeftOut("users"))(
  "[A5] [C23] `doctor --fix` makes users for agents and says how, does nothing twice, and `--remove-users` takes them away",
  async () => {
    await using dir = await tempDir("doctor");
    // Users must get through to the data directory.
    await chmod(dir.path, 0o755);
    const etc = join(dir.path, "etc");
    await cp("/etc", etc, { recursive: true, verbatimSymlinks: true });
    const doctor = async (...args: string[]) => {
      const line = ["unshare", "--mount", "sh", "-c", script(etc), "sh"];
      const data = join(dir.path, "data");
      const child = Bun.spawn(
        [
          ...line,
          join(repositoryRoot, "gastown"),
          "doctor",
          "--data",
          data,
          "--port",
          "0",
          ...args,
        ],
        { env: { ...process.env, GASTOWN_ISOLATION: "user" }, stdio: ["ignore", "pipe", "pipe"] },
      );
      const [out, err] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      await child.exited;
      return out + err;
    };
    const pool = async () =>
      poolIn(
        await readFile(join(etc, "passwd"), "utf8"),
        await readFile(join(etc, "group"), "utf8"),
      );
    expect(await pool()).toEqual({ users: [], rigGroups: [] });
    expect(await doctor()).toMatch(/^warn +sandbox .*`gastown doctor --fix`/m);

    const first = await doctor("--fix");
    expect(first).toMatch(/^run +useradd --system .*nologin gastown-1$/m);
    expect(first).toMatch(/^run +groupadd --system gastown-rig-1$/m);
    const made = await pool();
    expect(made.users.length).toBeGreaterThanOrEqual(4);
    expect(made.rigGroups).toHaveLength(made.users.length);
    expect(first.match(/^run /gm)).toHaveLength(2 * made.users.length);

    const again = await doctor("--fix");
    expect(again).toContain("run  nothing: it is so already");
    expect(again).toMatch(/^ok +sandbox .*users of their own, their network (filtered|open)\. /m);
    expect(await pool()).toEqual(made);

    const last = await doctor("--remove-users");
    expect(last).toMatch(/^run +userdel gastown-1$/m);
    expect(await pool()).toEqual({ users: [], rigGroups: [] });
  },
  TIMEOUT_MS,
);
