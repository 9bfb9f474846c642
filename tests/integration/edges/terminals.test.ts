import { expect, test } from "bun:test";
import { findStrays } from "../../../runner/process/find-strays.ts";
import { runId } from "./samples.ts";
import { fence, openTerminalStage } from "./terminal-stage.ts";

test("[E8] what is typed runs in the tree, and everybody who looks sees it", async () => {
  await using stage = await openTerminalStage();
  const [first, second] = await Promise.all([stage.person(), stage.person()]);
  expect(await first.open()).toMatchObject({ ok: true, value: { runId, what: "shell" } });
  expect(await second.open({ mode: "read" })).toMatchObject({ ok: true });
  expect(second.terminal).toBe(first.terminal);
  expect(await first.type("echo in=$PWD > seen; cat seen\r")).toMatchObject({ ok: true });
  for (const person of [first, second]) await person.seen.until(/[\r\n]in=\//);
  expect(await Bun.file(`${stage.dirs.tree}/seen`).text()).toBe(`in=${stage.dirs.tree}\n`);
});

test("[E8] one writes at a time, another can take over, and who only looks cannot type", async () => {
  await using stage = await openTerminalStage();
  const [first, second, third] = await Promise.all([
    stage.person(),
    stage.person(),
    stage.person(),
  ]);
  await first.open({ cols: 100, rows: 40 });
  await first.until("writer", ({ who }) => who === "you");
  await second.open({ cols: 70, rows: 20 });
  await third.open({ mode: "read" });
  await second.until("writer", ({ who }) => who === "other");
  expect(await second.type("echo no\r")).toMatchObject({ ok: false, error: { code: "forbidden" } });
  expect(await third.type("echo no\r")).toMatchObject({ ok: false, error: { code: "forbidden" } });
  expect(await second.tell("terminal.take")).toMatchObject({ ok: true });
  await first.until("writer", ({ who }) => who === "other");
  expect(await first.type("echo no\r")).toMatchObject({ ok: false, error: { code: "forbidden" } });
  // The terminal is as large as the window of the one who writes.
  for (const person of [first, third])
    await person.until("size", ({ cols, rows }) => cols === 70 && rows === 20);
  await second.type("stty size\r");
  await third.seen.until(/20 70/);
  // The one who has waited to write does so when the other leaves.
  await second.tell("terminal.leave");
  await first.until("size", ({ cols, rows }) => cols === 100 && rows === 40);
  expect(await first.type("echo ye''s\r")).toMatchObject({ ok: true });
  await third.seen.until(/[\r\n]yes/);
});

test("[E8] a terminal that was left is found again as it was", async () => {
  await using stage = await openTerminalStage();
  const first = await stage.person();
  await first.open();
  await first.type("word=kept; echo on''ce\r");
  await first.seen.until(/[\r\n]once/);
  first.socket.disconnect();
  const second = await stage.person();
  await second.open();
  const screen = await second.until("screen");
  expect(Buffer.from(screen.data).toString()).toContain("once");
  await second.type("echo word=$word\r");
  await second.seen.until(/[\r\n]word=kept/);
});

test("[E8] a viewer that does not keep up slows nobody, and sees the screen when it is back", async () => {
  await using stage = await openTerminalStage();
  const [quick, slow] = await Promise.all([stage.person(), stage.person()]);
  await quick.open();
  await slow.open({ mode: "read" });
  await slow.until("screen");
  slow.draws = false;
  await quick.type("head -c 8000000 /dev/zero | tr '\\0' x; echo; echo o''ver\r");
  await quick.seen.until(/[\r\n]over/);
  expect(quick.seen.bytes).toBeGreaterThan(8_000_000);
  expect(slow.seen.bytes).toBeLessThan(2_000_000);
  expect(slow.seen.text).not.toContain("\nover");
  slow.draw();
  await slow.seen.until(/[\r\n]over/);
  // From there on it follows again.
  await quick.type("echo af''ter\r");
  await slow.seen.until(/[\r\n]after/);
  expect(quick.frames.filter(({ kind }) => kind === "screen")).toHaveLength(1);
});

test("[E8] the end of the shell, of the run and of the runner's connection are told", async () => {
  await using stage = await openTerminalStage();
  const person = await stage.person();
  await person.open();
  await person.type("exit 4\r");
  expect((await person.until("ended")).message).toContain("exited with code 4");
  expect(await person.type("echo gone\r")).toMatchObject({ error: { code: "not_found" } });
  const [second, third] = await Promise.all([stage.person(), stage.person()]);
  await second.open();
  expect(second.terminal).not.toBe(person.terminal);
  await third.open();
  stage.runner.disconnect();
  const cut = "The runner lost its connection to the town.";
  expect((await second.until("ended")).message).toBe(cut);
  expect((await third.until("ended")).message).toBe(cut);
});

test("[E8] when a run ends nothing runs in its tree any more, and no terminal can be opened there", async () => {
  await using stage = await openTerminalStage();
  const person = await stage.person();
  await person.open();
  await person.type("(setsid sleep 600 &); echo be''gun\r");
  await person.seen.until(/[\r\n]begun/);
  await stage.desk.dismiss(runId);
  // They are killed by then; the kernel clears a namespace away a moment later.
  while ((await findStrays({ owner: stage.world.owner })).length > 0) await Bun.sleep(20);
  expect((await person.until("ended")).message).toBe("The run has ended.");
  expect(await person.open()).toMatchObject({ ok: false, error: { code: "not_found" } });
});

test("[E8] a run with another fence, a program without a screen and a foreign terminal are refused", async () => {
  await using stage = await openTerminalStage();
  const [person, other] = await Promise.all([stage.person(), stage.person()]);
  expect(await person.open({ what: "agent" } as never)).toMatchObject({
    ok: false,
    error: { code: "unsupported" },
  });
  await person.open();
  other.terminal = person.terminal;
  expect(await other.type("echo no\r")).toMatchObject({ error: { code: "not_found" } });
  expect(await other.tell("terminal.take")).toMatchObject({ error: { code: "not_found" } });
  await person.tell("terminal.leave");
  const { target } = stage.open.town;
  if (target === null) throw new Error("no target");
  stage.open.town.target = { ...target, runId: "rn_0000000000000000000000000z", fence };
  expect(await other.open()).toMatchObject({ error: { code: "not_found" } });
});

test("[E8] who came and what was typed is in the audit, without what the screen did not show", async () => {
  await using stage = await openTerminalStage();
  const person = await stage.person();
  await person.open();
  await person.type("read -rs word; echo l=${#word}");
  await person.seen.until(/echo l=/);
  await person.type("\r");
  await person.seen.until(/word\};?[^$]*\r\n|\r\n/);
  await person.type("hunter2");
  await person.type("\r");
  await person.seen.until(/[\r\n]l=7/);
  await person.type("echo shown");
  await person.seen.until(/echo shown$/);
  await person.type("\r");
  await person.tell("terminal.leave");
  const { audited } = stage.open.town;
  expect(new Set(audited.map(({ actor }) => actor))).toEqual(new Set(["person:owner"]));
  expect(new Set(audited.map(({ subject }) => subject))).toEqual(new Set([runId]));
  expect(audited.find(({ command }) => command === "terminal.open")?.text).toBe("shell, writes");
  const typed = audited
    .filter(({ command }) => command === "terminal.input")
    .flatMap(({ text }) => text.split("\n"));
  expect(typed).toEqual(["read -rs word; echo l=${#word}", "[not shown]", "echo shown"]);
  expect(JSON.stringify(audited)).not.toContain("hunter2");
});

test("[E8] input that is too large or no bytes is refused and changes nothing", async () => {
  await using stage = await openTerminalStage();
  const person = await stage.person();
  await person.open();
  expect(await person.type("x".repeat(17 * 1024))).toMatchObject({
    error: { code: "invalid_body" },
  });
  expect(await person.open({ cols: 100_000 })).toMatchObject({ error: { code: "invalid_body" } });
  await person.type("echo al''ive\r");
  await person.seen.until(/[\r\n]alive/);
  expect(person.seen.text).not.toContain("xxxx");
});
