import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../../runner/clock.ts";
import { createLog } from "../../../runner/log.ts";
import { findStrays } from "../../../runner/process/find-strays.ts";
import { sandboxPty } from "../../../runner/pty/pty.ts";
import { Screens } from "../../../runner/pty/screens.ts";
import { Terminal } from "../../../runner/pty/terminal.ts";
import type { SandboxMode } from "../../../runner/sandbox/sandbox-spec.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { SeenText } from "../../support/seen-text.ts";
import { makeRun, openWorld, type RunDirs, type World } from "./stage.ts";

const MODES: readonly SandboxMode[] = [
  ...["bwrap" as const, "none" as const],
  ...(isLeftOut("users") ? [] : ["user" as const]),
];

interface Stage extends AsyncDisposable {
  world: World;
  dirs: RunDirs;
  terminal: Terminal;
  seen: SeenText;
  type: (text: string) => void;
}

/** A shell on a terminal in the tree of a run, watched. `taken`: when the town has room for more. */
async function openShell(
  mode: SandboxMode,
  taken: () => Promise<void> = () => Promise.resolve(),
): Promise<Stage> {
  const world = await openWorld(mode);
  const dirs = await makeRun(world, "r1");
  const seen = new SeenText();
  const screens = new Screens(createLog({ level: "error", now: Date.now, write: () => undefined }));
  const opened = await Terminal.open(
    {
      clock: systemClock,
      openPty: sandboxPty({ sandbox: world.sandbox, owner: world.owner, hide: [world.dataDir] }),
      openScreen: (size, answered) => screens.open(size, answered),
      send: (_at, data) => {
        seen.add(data);
        return taken();
      },
    },
    {
      runId: "r1",
      place: { cwd: dirs.tree, tmpDir: dirs.tmp, readOnly: [], readWrite: [dirs.tree] },
      program: null,
      size: { cols: 90, rows: 30 },
    },
  );
  if (!opened.ok) throw new Error(opened.error.message);
  const terminal = opened.value;
  const first = await terminal.replay();
  if (first !== null) seen.add(first.data);
  return {
    ...{ world, dirs, terminal, seen },
    type: (text) => void terminal.type(Buffer.from(text), false),
    [Symbol.asyncDispose]: async () => {
      await terminal.close();
      screens.closeAll();
      await world[Symbol.asyncDispose]();
    },
  };
}

const screenOf = async (terminal: Terminal): Promise<string> =>
  Buffer.from((await terminal.replay())?.data ?? []).toString();

for (const mode of MODES) {
  describe(`terminal, mode ${mode}`, () => {
    test("[E8] a shell begins in the tree, on a terminal that controls it, with nothing of the agent's", async () => {
      await using stage = await openShell(mode);
      const { dirs, seen, type } = stage;
      await writeFile(join(dirs.home, ".bashrc"), "echo planted");
      type("pwd; tty; stty size; echo home=$HOME term=$TERM\r");
      await seen.until(/term=xterm-256color/);
      expect(seen.text).toContain(dirs.tree);
      expect(seen.text).toMatch(/\/dev\/pts\/\d+/);
      expect(seen.text).toContain("30 90");
      expect(seen.text).not.toContain("planted");
      expect(seen.text).not.toContain(`home=${dirs.home}`);
      if (mode === "none") return;
      seen.clear();
      type(
        `ls ${dirs.home} ${stage.world.dataDir}; (echo > /dev/tcp/127.0.0.1/80); echo over=$?\r`,
      );
      await seen.until(/over=1/);
      expect(seen.text).toContain(mode === "bwrap" ? "No such file" : "Permission denied");
    });

    test("[E8] interrupt reaches what runs, and a new size the shell", async () => {
      await using stage = await openShell(mode);
      const { terminal, seen, type } = stage;
      // Its first word says that it runs in the foreground.
      type("sh -c 'echo be''gun; exec sleep 600'\r");
      await seen.until(/[\r\n]begun/);
      type("\u0003");
      type("echo after=$?\r");
      await seen.until(/after=130/);
      terminal.resize({ cols: 61, rows: 17 });
      type("stty size\r");
      await seen.until(/17 61/);
    });

    test("[E8] the end of a shell is told, and so is its code", async () => {
      await using stage = await openShell(mode);
      stage.type("echo last; exit 3\r");
      expect(await stage.terminal.ended).toMatch(/exited with code 3/);
      expect(stage.seen.text).toContain("last");
    });

    test("[E8] what was started on a terminal ends with it, whatever it ignores", async () => {
      await using stage = await openShell(mode);
      const { world, terminal, seen, type } = stage;
      type("trap '' TERM HUP; (trap '' TERM HUP; setsid sleep 601 &) ; sleep 602 & echo begun\r");
      await seen.until(/[\r\n]begun/);
      await terminal.close();
      // They are killed by then; the kernel clears a namespace away a moment later.
      while ((await findStrays({ owner: world.owner })).length > 0) await Bun.sleep(20);
    });
  });
}

test("[E8] a replay is the screen as it is, with its colours and what scrolled off it", async () => {
  await using stage = await openShell("bwrap");
  const { terminal, seen, type } = stage;
  type(
    "for i in $(seq 1 200); do echo line-$i; done; printf '\\033[31mred\\033[0m\\n'; echo o''ver\r",
  );
  await seen.until(/[\r\n]over/);
  const shown = await screenOf(terminal);
  expect(shown).toContain("line-1\r\n");
  expect(shown).toContain("line-200");
  expect(shown).toContain("\u001b[31mred");
  expect(shown.indexOf("line-1\r\n")).toBeLessThan(shown.indexOf("line-200"));
});

test("[E8] what a program asks of its terminal the screen answers, and no viewer", async () => {
  await using stage = await openShell("bwrap");
  const { seen, terminal, type } = stage;
  // Asks where the cursor is, and prints the answer as text.
  type(
    "stty raw -echo; printf '\\033[5;7H\\033[6n'; a=$(dd bs=1 count=6 2>/dev/null | tr '\\033' E); stty sane; echo \"answer=$a\"\r",
  );
  await seen.until(/answer=E\[5;7R/);
  seen.clear();
  type("cat -v\r");
  await seen.until(/cat -v/);
  await terminal.type(Buffer.from("\u001b[?62;1c<\u001b]11;rgb:0/0/0\u0007>\r"), false);
  await seen.until(/<>/);
  expect(seen.text).not.toContain("62;1c");
});

test("[E8] the line that something was typed in is read from the screen, a password is not on it", async () => {
  await using stage = await openShell("bwrap");
  const { terminal, seen, type } = stage;
  type("echo typed");
  await seen.until(/echo typed/);
  expect(await terminal.type(Buffer.from("\r"), true)).toMatch(/echo typed$/);
  type("read -rs -p 'Password: ' word; echo; echo l=${#word}\r");
  await seen.until(/[\r\n]Password: /);
  type("hunter2");
  expect(await terminal.type(Buffer.from("\r"), true)).toBe("Password: ");
  await seen.until(/l=7/);
});

test("[E8] a flood waits for who looks; when nobody takes it, it goes on without", async () => {
  const held: (() => void)[] = [];
  await using stage = await openShell(
    "bwrap",
    () => new Promise((resolve) => void held.push(resolve)),
  );
  const { seen, terminal, type } = stage;
  const taking = setInterval(() => held.splice(0).forEach((go) => go()), 5);
  type("head -c 30000000 /dev/zero | tr '\\0' x; echo; echo o''ver\r");
  await seen.until(/[\r\n]over/);
  clearInterval(taking);
  expect(seen.bytes).toBeGreaterThan(30_000_000);
  seen.clear();
  type("head -c 20000000 /dev/zero | tr '\\0' y; echo; echo d''one\r");
  // Nobody takes anything from here on: the screen still comes to the end of it.
  let shown = "";
  while (!shown.includes("\ndone")) {
    held.splice(0);
    shown = await screenOf(terminal);
  }
  expect(seen.bytes).toBeLessThan(52_000_000);
});
