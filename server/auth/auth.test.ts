import { afterEach, beforeEach, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StartError } from "../start-error.ts";
import { openAuth, type Auth } from "./auth.ts";

let dir: string;
let nowMs = 1_700_000_000_000;
const clock = { now: () => nowMs, mono: () => nowMs };
const random = {
  unit: () => Math.random(),
  bytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)),
};
const open = (keyFile = join(dir, "keys", "town.key")): Auth =>
  openAuth({ dataDir: dir, clock, random, keyFile });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gastown-auth-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("[C2] a sealed secret opens in its own row only, with its own key only", () => {
  const auth = open();
  const sealed = auth.seal("model", "sk-very-secret");
  expect(sealed).not.toContain("very-secret");
  expect(auth.unseal("model", sealed)).toBe("sk-very-secret");
  expect(auth.unseal("other-row", sealed)).toBeNull();
  const [version, keyId, nonce, body = ""] = sealed.split(".");
  const flipped = `${body.startsWith("A") ? "B" : "A"}${body.slice(1)}`;
  expect(auth.unseal("model", [version, keyId, nonce, flipped].join("."))).toBeNull();
  expect(auth.unseal("model", "nonsense")).toBeNull();
  expect(auth.seal("model", "sk-very-secret")).not.toBe(sealed);
  auth.close();
  const elsewhere = open(join(dir, "other.key"));
  expect(elsewhere.unseal("model", sealed)).toBeNull();
  elsewhere.seal("model", "makes a key of its own");
  expect(elsewhere.unseal("model", sealed)).toBeNull();
  elsewhere.close();
  const again = open();
  expect(again.unseal("model", sealed)).toBe("sk-very-secret");
  again.close();
});

test("[C2] key and database are readable by their owner only, and a bad key file stops the start", () => {
  const auth = open();
  auth.seal("model", "secret");
  auth.close();
  expect(statSync(join(dir, "auth.db")).mode & 0o777).toBe(0o600);
  expect(statSync(join(dir, "keys", "town.key")).mode & 0o777).toBe(0o600);
  writeFileSync(join(dir, "bad.key"), "not a key");
  expect(() => open(join(dir, "bad.key"))).toThrow(StartError);
});

test("[F1] the database holds no token, cookie or link that one could use", () => {
  const auth = open();
  const { token } = auth.createToken("owner", "laptop");
  const link = auth.createLogin().token;
  const login = auth.exchangeLogin(auth.createLogin().token);
  auth.close();
  const stored = readFileSync(join(dir, "auth.db"), "latin1");
  const secrets = [token, link, login?.cookie ?? "", `x.${login?.secret ?? ""}`].map(
    (text) => text.split(".")[1] ?? "",
  );
  expect(secrets.map((secret) => secret.length)).toEqual([43, 43, 43, 43]);
  for (const secret of secrets) expect(stored).not.toContain(secret);
});

test("[F1] tokens are told apart by role, renewed under their id, and end for good", () => {
  const auth = open();
  const first = auth.renewToken("runner", "local");
  expect(auth.checkToken(first.token)).toEqual({ id: first.id, role: "runner" });
  const second = auth.renewToken("runner", "local");
  expect(second.id).toBe(first.id);
  expect(auth.checkToken(first.token)).toBeNull();
  expect(auth.checkToken(second.token)).toEqual({ id: first.id, role: "runner" });
  const ended: string[] = [];
  auth.onEnded((id) => ended.push(id));
  expect(auth.revokeToken(first.id)).toBe(true);
  expect(auth.revokeToken("tk_none")).toBe(false);
  expect(ended).toEqual([first.id]);
  expect(auth.checkToken(second.token)).toBeNull();
  expect(auth.listTokens()).toMatchObject([
    { id: first.id, role: "runner", name: "local", revokedAt: nowMs },
  ]);
  auth.close();
});

test("[C7] a token carries what its runner may be given: nothing unless said, everything for the town's own, and what was changed stays", () => {
  const auth = open();
  const { id } = auth.createToken("runner", "far");
  expect(auth.rightsOf(id)).toEqual([]);
  expect(auth.rightsOf(auth.createToken("runner", "gates", ["merge"]).id)).toEqual(["merge"]);
  expect(auth.rightsOf("tk_none")).toEqual([]);
  const local = auth.renewToken("runner", "local").id;
  expect(auth.rightsOf(local)).toEqual(["model", "merge"]);
  auth.setTokenRights(local, ["model"]);
  auth.close();
  const again = open();
  expect(again.renewToken("runner", "local").id).toBe(local);
  expect(again.rightsOf(local)).toEqual(["model"]);
  again.close();
});

test("[C7] a runner that joined before there were rights keeps them all", () => {
  const auth = open();
  const { id } = auth.createToken("runner", "old");
  auth.close();
  const database = new Database(join(dir, "auth.db"));
  database.query("UPDATE token SET rights = NULL WHERE id = ?").run(id);
  database.close();
  const again = open();
  expect(again.rightsOf(id)).toEqual(["model", "merge"]);
  again.close();
});

test("[F1] a login ends after thirty days", () => {
  const auth = open();
  const login = auth.exchangeLogin(auth.createLogin().token);
  if (login === null) throw new Error("a fresh link was refused");
  nowMs += 30 * 24 * 3_600_000 - 1;
  expect(auth.checkLogin(login.cookie, login.secret)).toEqual({ id: login.id });
  nowMs += 1;
  expect(auth.checkLogin(login.cookie, login.secret)).toBeNull();
  auth.close();
});

test("[A2] a database of a newer program is left alone", () => {
  open().close();
  const database = new Database(join(dir, "auth.db"));
  database.run("PRAGMA user_version = 99");
  database.close();
  expect(() => open()).toThrow(/newer Gastown/);
});
