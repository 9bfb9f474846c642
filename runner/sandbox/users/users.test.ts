import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { becoming } from "./agent-user.ts";
import { claimUsers, poolIn } from "./host-users.ts";
import { whyUnsuited } from "./suits.ts";

const user = { name: "gastown-1", uid: 901, gid: 902 };
const pool = { users: [user], rigGroups: [903] };

test("[C23] a command becomes a user by number, without a group, a capability or a way back", () => {
  expect(becoming("/usr/bin/setpriv", user)).toEqual([
    "/usr/bin/setpriv",
    "--reuid=901",
    "--regid=902",
    "--clear-groups",
    "--no-new-privs",
    "--inh-caps=-all",
    "--ambient-caps=-all",
    "--",
  ]);
  const more = becoming("setpriv", user, { groups: [7, 8], diesWithParent: true });
  expect(more).toContain("--groups=7,8");
  expect(more).not.toContain("--clear-groups");
  expect(more).toContain("--pdeathsig=KILL");
});

test("[C23] only a user of the right name, with a group of that name, is lent; root and others never", () => {
  const passwd = [
    "root:x:0:0:root:/root:/bin/bash",
    "gastown-1:x:901:902::/nonexistent:/usr/sbin/nologin",
    "gastown-2:x:0:904::/nonexistent:/usr/sbin/nologin",
    "gastown-3:x:905:0::/nonexistent:/usr/sbin/nologin",
    "gastown-4:x:906:100::/nonexistent:/usr/sbin/nologin",
    "gastown:x:907:907::/nonexistent:/usr/sbin/nologin",
    "",
  ];
  const group = [
    "root:x:0:",
    "users:x:100:",
    "gastown-1:x:902:",
    "gastown-2:x:904:",
    "gastown-3:x:0:",
    "gastown:x:907:",
    "gastown-rig-1:x:903:",
    "gastown-rig-2:x:0:",
    "",
  ];
  expect(poolIn(passwd.join("\n"), group.join("\n"))).toEqual(pool);
});

test("[C23] two runners of a host are never lent the same user", async () => {
  const locks = await mkdtemp(join(tmpdir(), "gastown-locks-"));
  const numbers = [1, 2, 3];
  const three = {
    users: numbers.map((n) => ({ name: `gastown-${n}`, uid: 900 + n, gid: 900 + n })),
    rigGroups: numbers,
  };
  const first = claimUsers(three, 2, locks);
  const second = claimUsers(three, 2, locks);
  expect(first.users.map(({ uid }) => uid)).toEqual([901, 902]);
  expect(second.users.map(({ uid }) => uid)).toEqual([903]);
  first.release();
  const third = claimUsers(three, 2, locks);
  expect(third.users.map(({ uid }) => uid)).toEqual([901, 902]);
  for (const claim of [second, third]) claim.release();
  await rm(locks, { recursive: true });
});

test.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)(
  "[C23] a host whose data no user can pass to, or whose home all can read, says what to do",
  async () => {
    const dir = await mkdtemp(join(tmpdir(), "gastown-suits-"));
    const [home, open] = [join(dir, "home"), join(dir, "open")];
    mkdirSync(home, { mode: 0o700 });
    mkdirSync(open, { mode: 0o755 });
    const why = (dataDir: string, at: string) => whyUnsuited({ pool, dataDir, home: at });
    expect(why(join(dir, "data"), home)).toContain(dir);
    expect(why("/var/lib/gastown", home)).toBeNull();
    expect(why("/var/lib/gastown", open)).toContain(`chmod 700 ${open}`);
    const none = { users: [], rigGroups: [] };
    expect(whyUnsuited({ pool: none, dataDir: "/var/lib/gastown", home })).toContain(
      "doctor --fix",
    );
    await rm(dir, { recursive: true });
  },
);
