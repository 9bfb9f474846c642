import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database } from "bun:sqlite";
import { commands } from "../../../protocol/index.ts";
import { runCli } from "./run-cli.ts";
import { startUp, type Up } from "./start-up.ts";

let dir: string;
let town: Up;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "gastown-up-"));
  town = await startUp(dir, ["--no-runner"]);
});
afterAll(async () => {
  await town.stop();
  rmSync(dir, { recursive: true, force: true });
});

const cli = (...arguments_: string[]) => runCli([...arguments_, "--data", dir]);
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(town.ready.url + path, { method: "POST", headers, body: JSON.stringify(body) });

test("[A2] up says where the town is, by a line, by town.json, and to the command line", async () => {
  expect(town.ready.event).toBe("ready");
  expect(town.ready.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const path = join(dir, "town.json");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({
    url: town.ready.url,
    pid: town.pid,
  });
  const status = await cli("status", "--json");
  expect(JSON.parse(status.out)).toMatchObject({ town: { demo: false, model: null }, rigs: [] });
  for (const name of readdirSync(dir))
    expect([name, statSync(join(dir, name)).mode & 0o077]).toEqual([name, 0]);
});

test("[A9] login prints another link; each works once and opens the person's commands", async () => {
  for (const link of [town.ready.login, (await cli("login")).out.trim()]) {
    const token = link.split("#login=")[1] ?? "";
    const answer = await post("/api/login", { token });
    expect(answer.status).toBe(200);
    const { value } = (await answer.json()) as { value: { secret: string } };
    const headers = {
      cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "",
      origin: town.ready.url,
      "x-gastown-secret": value.secret,
    };
    expect((await post("/api/v1/town.status", {}, headers)).status).toBe(200);
    expect((await post("/api/login", { token })).status).toBe(401);
  }
});

test("[F1] a runner's token is refused every command of a person, by the real town", async () => {
  const made = JSON.parse((await cli("token", "create", "--role", "runner", "--json")).out) as {
    token: string;
  };
  const headers = { authorization: `Bearer ${made.token}` };
  const refused = await Promise.all(
    Object.keys(commands).map((name) => post(`/api/v1/${name}`, {}, headers)),
  );
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([403]));
  const strangers = await Promise.all(
    Object.keys(commands).map((name) => post(`/api/v1/${name}`, {})),
  );
  expect(new Set(strangers.map(({ status }) => status))).toEqual(new Set([401]));
});

test("[B3] what no convoy and no bead may be is refused by the town itself", async () => {
  const { token } = JSON.parse(readFileSync(join(dir, "town.json"), "utf8")) as { token: string };
  const headers = { authorization: `Bearer ${token}` };
  const code = async (name: string, body: unknown) => {
    const answer = (await (await post(`/api/v1/${name}`, body, headers)).json()) as {
      error?: { code: string };
    };
    return answer.error?.code;
  };
  expect(await code("bead.sling", { rig: "none", title: "x".repeat(100_000) })).toBe(
    "invalid_body",
  );
  const task = (key: string) => ({ key, title: key });
  const tasks = Array.from({ length: 51 }, (_, at) => task(`k${at}`));
  expect(await code("convoy.sling", { rig: "none", title: "t", tasks })).toBe("invalid_body");
  expect(await code("bead.sling", { rig: "none", title: "t" })).toBe("not_found");
  expect(await code("no.such", {})).toBe("unknown_command");
  const model = await cli("settings", "model", "test", "--json");
  expect([model.code, model.err]).toEqual([1, expect.stringContaining("no model")]);
});

test("[A2] a second town on the same data, and one on the same port, are told the first one", async () => {
  const twin = await runCli(["up", "--data", dir, "--port", "0", "--no-open"]);
  expect([twin.code, twin.out]).toEqual([1, ""]);
  expect(twin.err).toContain(town.ready.url);
  const elsewhere = join(dir, "elsewhere");
  const port = new URL(town.ready.url).port;
  const taken = await runCli(["up", "--data", elsewhere, "--port", port, "--no-open"]);
  expect([taken.code, taken.err.trim().split("\n").length]).toEqual([1, 1]);
  expect(taken.err).toContain(`Port ${port}`);
  expect(existsSync(join(elsewhere, "town.db"))).toBe(false);
  rmSync(elsewhere, { recursive: true });
});

test("[A2] down ends the town and leaves its data; data of a newer town is left alone", async () => {
  const other = mkdtempSync(join(tmpdir(), "gastown-down-"));
  try {
    const up = await startUp(other, ["--no-runner"]);
    const down = await runCli(["down", "--data", other, "--json"]);
    expect(JSON.parse(down.out)).toEqual({ stopped: true, pid: up.pid });
    expect(await up.exited).toBe(0);
    expect(existsSync(join(other, "town.json"))).toBe(false);
    expect(JSON.parse((await runCli(["down", "--data", other, "--json"])).out)).toMatchObject({
      stopped: false,
    });
    const database = new Database(join(other, "town.db"));
    database.run("PRAGMA user_version = 999");
    database.close();
    const newer = await runCli(["up", "--data", other, "--port", "0", "--no-open", "--no-runner"]);
    expect([newer.code, newer.err.trim().split("\n").length]).toEqual([1, 1]);
    expect(newer.err).toContain("newer");
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});

test("[A2] an open socket learns by its end that the town is stopped", async () => {
  const other = mkdtempSync(join(tmpdir(), "gastown-watch-"));
  try {
    const up = await startUp(other, ["--no-runner"]);
    const watching = runCli(["watch", "town", "--data", other], { onOutput: () => void up.stop() });
    const { code, out, err } = await watching;
    expect([code, err.trim().split("\n").length]).toEqual([1, 1]);
    expect(out).toContain('"kind":"town"');
    expect(await up.exited).toBe(0);
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});
