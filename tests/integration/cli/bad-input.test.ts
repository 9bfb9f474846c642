import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeTownFile } from "../../../cli/town-file.ts";
import { defaultScript } from "../../../scripted/default-script.ts";
import { openTown, type OpenTown } from "../edges/open-town.ts";
import { runCli } from "./run-cli.ts";

let open: OpenTown;
beforeAll(() => {
  open = openTown();
  writeTownFile(open.dir, {
    url: open.edges.url,
    pid: process.pid,
    token: open.ownerToken,
    version: "1.2.3",
  });
});
afterAll(() => open.close());

/** One line, no stack, a non-zero exit. */
async function complaint(...arguments_: string[]): Promise<{ line: string; code: number }> {
  const { code, out, err } = await runCli(arguments_);
  expect(out).toBe("");
  expect(err.trimEnd().split("\n")).toHaveLength(1);
  expect(err).not.toMatch(/^\s+at /m);
  return { line: err, code };
}

function fileOf(name: string, text: string): string {
  const path = join(open.dir, name);
  writeFileSync(path, text);
  return path;
}

test("[A8] what is asked wrongly is answered with one line", async () => {
  const wrong: [string[], RegExp][] = [
    [["nonsense"], /unknown command 'nonsense'/],
    [["status", "--colour"], /unknown option '--colour'.*`gastown status --help` shows/],
    [["escalations", "--data", "x"], /`gastown escalations --help` lists its commands/],
    [["call"], /missing required argument/],
    [["call", "rig.list", "{bad"], /The body is not JSON/],
    [["watch", "weather"], /is no topic/],
    [["watch", "board", "--since", "12"], /epoch:version/],
    [["beads", "--limit", "many"], /whole number/],
    [["sling", "rig", "title", "--priority", "huge"], /must be one of/],
    [["rig", "add", "x", "--gate", "nothing"], /name=command/],
    [["convoy", "sling", "/nowhere/convoy.json"], /There is no file/],
    [["formula", "put", "/nowhere/formula.toml"], /There is no file/],
    [["formula", "put", fileOf("wrong.toml", "name = ")], /is not TOML/],
    [["formula", "put", fileOf("no-steps.toml", 'name = "x"')], /formula is wrong at steps/],
    [["molecule", "pour", "x", "rig", "--set", "nothing"], /--set must be name=value/],
    [["molecule", "decide", "mo-1", "a", "maybe"], /must be one of retry, skip/],
    [["slice", "replay", "/nowhere/a.slice"], /There is no file/],
    [["model", "--script", "/nowhere/script.json"], /There is no file/],
    [["up", "--port", "70000"], /from 0 to 65535/],
    [["up", "--url", "town"], /--url must be an address/],
    [["runner", "--town", "nowhere", "--token", "x"], /--town must be the address/],
    [["token", "create", "--role", "king"], /must be one of runner/],
  ];
  const results = await Promise.all(wrong.map(([arguments_]) => complaint(...arguments_)));
  for (const [index, { line, code }] of results.entries()) {
    expect(line).toMatch(wrong[index]?.[1] ?? /never/);
    expect(code).toBe(2);
  }
}, 30_000);

test("[F10] a slice that is none, and a town without a recording, are told in one line", async () => {
  const none = await complaint("slice", "replay", fileOf("no.slice", "hello"));
  expect([none.code, none.line]).toEqual([1, expect.stringContaining("no slice of a town")]);
  const out = join(open.dir, "out.slice");
  const missing = await complaint("slice", "export", out, "--data", join(open.dir, "none"));
  expect([missing.code, missing.line]).toEqual([1, expect.stringContaining("up --record")]);
});

test("[A8] a town that is not there is told with what to do", async () => {
  const none = await complaint("status", "--data", join(open.dir, "none"));
  expect([none.code, none.line]).toEqual([1, expect.stringContaining("gastown up")]);
  const dead = join(open.dir, "web");
  writeTownFile(dead, {
    url: "http://127.0.0.1:9",
    pid: process.pid,
    token: "tk_x.y",
    version: "1.2.3",
  });
  const gone = await complaint("beads", "--data", dead);
  expect([gone.code, gone.line]).toEqual([1, expect.stringContaining("does not answer")]);
  writeTownFile(dead, {
    url: open.edges.url,
    pid: process.pid,
    token: open.runnerToken,
    version: "1.2.3",
  });
  const wrongToken = await complaint("beads", "--data", dead);
  expect([wrongToken.code, wrongToken.line]).toEqual([
    1,
    expect.stringContaining("runner's token"),
  ]);
});

test("[A8] call prints the town's answer, and ends with 1 when it is a refusal", async () => {
  const unknown = await runCli(["call", "no.such", "--data", open.dir]);
  expect(unknown.code).toBe(1);
  expect(JSON.parse(unknown.out)).toMatchObject({ ok: false, error: { code: "unknown_command" } });
  const good = await runCli(["call", "rig.list", "-", "--data", open.dir], { input: "{}" });
  expect([good.code, JSON.parse(good.out)]).toEqual([0, { ok: true, value: null }]);
  const title = "x".repeat(300_000);
  const large = await runCli(["call", "bead.sling", "-", "--data", open.dir], {
    input: JSON.stringify({ title }),
  });
  expect([large.code, JSON.parse(large.out)]).toMatchObject([1, { error: { code: "too_large" } }]);
  expect(open.town.calls.map(({ name }) => name)).toEqual(["rig.list"]);
});

test("[A8] a convoy that does not fit is refused before it is sent", async () => {
  const file = join(open.dir, "convoy.json");
  writeFileSync(
    file,
    JSON.stringify({
      rig: "r",
      title: "t",
      tasks: Array.from({ length: 51 }, (_, key) => ({ key: `k${key}`, title: "t" })),
    }),
  );
  const { line, code } = await complaint("convoy", "sling", file, "--data", open.dir);
  expect([code, line]).toEqual([2, expect.stringContaining("tasks")]);
});

test("[A8] every command has help that names its options", async () => {
  const top = await runCli(["--help"]);
  const names = [...top.out.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name ?? "");
  expect(names).toEqual(
    expect.arrayContaining([
      "up",
      "down",
      "login",
      "status",
      "doctor",
      "runner",
      "token",
      "call",
      "watch",
      "rig",
      "sling",
      "convoy",
      "mayor",
      "beads",
      "model",
    ]),
  );
  const helps = await Promise.all(names.map((name) => runCli([name, "--help"])));
  for (const help of helps)
    expect([help.code, help.out]).toEqual([0, expect.stringContaining("Usage: gastown")]);
}, 30_000);

test("[A2] a scripted model on a port in use is told in one line", async () => {
  const script = join(open.dir, "script.json");
  writeFileSync(script, JSON.stringify(defaultScript));
  const { line, code } = await complaint(
    "model",
    "--script",
    script,
    "--port",
    String(open.edges.port),
  );
  expect([code, line]).toEqual([1, expect.stringContaining("in use")]);
});
