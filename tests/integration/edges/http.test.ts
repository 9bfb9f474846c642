import { afterEach, beforeEach, expect, test } from "bun:test";
import { openTown, townId, type OpenTown } from "./open-town.ts";

let open: OpenTown;
beforeEach(() => {
  open = openTown();
});
afterEach(() => open.close());

async function codeOf(response: Response): Promise<string> {
  const answer = (await response.json()) as { ok: boolean; error: { code: string } };
  expect(answer.ok).toBe(false);
  return answer.error.code;
}

test("[F1] a stranger gets health and the login page, and no other byte", async () => {
  const get = (path: string) => fetch(open.edges.url + path);
  expect(await (await get("/health")).json()).toEqual({ ok: true, version: "1.2.3" });
  expect(await (await get("/login")).text()).toContain("<title>Gastown</title>");
  expect((await get("/chunk-abcdefgh.js")).headers.get("cache-control")).toContain("immutable");
  for (const path of [
    "/town.json",
    "/auth.db",
    "/../auth.db",
    "/%2e%2e/auth.db",
    "/key.txt",
    "/debug.js",
  ]) {
    const response = await get(path);
    expect([path, response.status, await response.text()]).toEqual([path, 404, "Not found.\n"]);
  }
  expect(await codeOf(await open.post("/api/v1/town.status", {}))).toBe("unauthenticated");
  expect(await codeOf(await open.post("/api/v1/no.such", {}))).toBe("unauthenticated");
  expect(await codeOf(await open.post("/api/other", {}))).toBe("not_found");
  expect(await codeOf(await open.post("/api/logout", {}))).toBe("unauthenticated");
  expect(open.town.calls).toEqual([]);
});

test("[F1] every answer carries the security headers, and the page is never stored", async () => {
  const page = await fetch(`${open.edges.url}/board`);
  expect(page.headers.get("content-security-policy")).toContain("script-src 'self';");
  expect(page.headers.get("cache-control")).toBe("no-store");
  const refused = await open.post("/api/v1/town.status", {});
  expect(refused.headers.get("x-content-type-options")).toBe("nosniff");
  const poll = await fetch(`${open.edges.url}/socket.io/?EIO=4&transport=polling`);
  expect(poll.headers.get("referrer-policy")).toBe("no-referrer");
});

test("[A8] a token carries a command, its key and its body to the town", async () => {
  const headers = { authorization: `Bearer ${open.ownerToken}`, "idempotency-key": "key-00000001" };
  const response = await open.post("/api/v1/mayor.say", { text: "hello" }, headers);
  expect(await response.json()).toEqual({ ok: true, value: null });
  expect(open.town.calls).toEqual([
    {
      name: "mayor.say",
      body: { text: "hello" },
      caller: { principal: "owner", actor: "person:owner" },
      key: "key-00000001",
    },
  ]);
});

test("[F1] a runner's token cannot issue a person's command", async () => {
  const response = await open.post(
    "/api/v1/mayor.say",
    { text: "hello" },
    { authorization: `Bearer ${open.runnerToken}` },
  );
  expect(response.status).toBe(403);
  expect(await codeOf(response)).toBe("forbidden");
  expect(open.town.calls).toEqual([]);
});

test("[F1] a revoked token opens nothing", async () => {
  const { id, token } = open.auth.createToken("owner", "gone");
  expect(open.auth.revokeToken(id)).toBe(true);
  expect(
    await codeOf(await open.post("/api/v1/rig.list", {}, { authorization: `Bearer ${token}` })),
  ).toBe("unauthenticated");
});

test("[F1] cookie and session secret work together, from a page of the town only", async () => {
  const { cookie, secret } = await open.login();
  expect(cookie).toStartWith(`gastown_${townId}=`);
  const origin = open.edges.url;
  const call = (headers: Record<string, string>) => open.post("/api/v1/rig.list", {}, headers);
  expect((await call({ cookie, origin, "x-gastown-secret": secret })).status).toBe(200);
  expect(await codeOf(await call({ cookie, origin }))).toBe("unauthenticated");
  expect(await codeOf(await call({ origin, "x-gastown-secret": secret }))).toBe("unauthenticated");
  expect(await codeOf(await call({ cookie, "x-gastown-secret": secret }))).toBe("unauthenticated");
  const foreign = { cookie, origin: "http://localhost:3000", "x-gastown-secret": secret };
  expect(await codeOf(await call(foreign))).toBe("forbidden");
});

test("[F1] the login cookie is for this page alone and ends with the logout", async () => {
  const response = await open.post("/api/login", { token: open.auth.createLogin().token });
  const line = response.headers.get("set-cookie") ?? "";
  expect(line).toContain("HttpOnly");
  expect(line).toContain("SameSite=Strict");
  const answer = (await response.json()) as { value: { secret: string } };
  const headers = {
    cookie: line.split(";")[0] ?? "",
    origin: open.edges.url,
    "x-gastown-secret": answer.value.secret,
  };
  expect((await open.post("/api/logout", {}, headers)).status).toBe(200);
  expect(await codeOf(await open.post("/api/v1/rig.list", {}, headers))).toBe("unauthenticated");
});

test("[F1] a login link works once, for ten minutes, and guesses are slowed down", async () => {
  const { token } = open.auth.createLogin();
  expect((await open.post("/api/login", { token })).status).toBe(200);
  expect(await codeOf(await open.post("/api/login", { token }))).toBe("unauthenticated");
  const late = open.auth.createLogin().token;
  open.clock.ms += 10 * 60_000 + 1;
  expect(await codeOf(await open.post("/api/login", { token: late }))).toBe("unauthenticated");
  for (let attempt = 0; attempt < 20; attempt++)
    await open.post("/api/login", { token: "x".repeat(30) });
  const limited = await open.post("/api/login", { token: open.auth.createLogin().token });
  expect(limited.status).toBe(429);
  expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
});

test("[F1] a foreign Host is refused before anything is read", async () => {
  const response = await fetch(`${open.edges.url}/health`, {
    headers: { host: "evil.example:80" },
  });
  expect(response.status).toBe(403);
  const address = await fetch(`${open.edges.url}/health`, {
    headers: { host: `localhost:${open.edges.port}` },
  });
  expect(address.status).toBe(200);
});

test("[A8] [SC-WIRE-1] bad requests have typed answers and change nothing", async () => {
  const authorization = `Bearer ${open.ownerToken}`;
  const huge = await open.post(
    "/api/v1/bead.sling",
    { title: "x".repeat(5_000_000) },
    { authorization },
  );
  expect([huge.status, await codeOf(huge)]).toEqual([413, "too_large"]);
  const broken = await open.post("/api/v1/bead.sling", '{"title":', { authorization });
  expect([broken.status, await codeOf(broken)]).toEqual([400, "invalid_json"]);
  const unknown = await open.post("/api/v1/no.such", {}, { authorization });
  expect([unknown.status, await codeOf(unknown)]).toEqual([404, "unknown_command"]);
  const key = await open.post(
    "/api/v1/rig.list",
    {},
    { authorization, "idempotency-key": "short" },
  );
  expect([key.status, await codeOf(key)]).toEqual([400, "invalid_body"]);
  expect(open.town.calls).toEqual([]);
});

test("[A8] a body that hides its size is cut at the limit", async () => {
  const chunk = new TextEncoder().encode("x".repeat(64 * 1024));
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 1;
      if (sent > 64) controller.close();
      else controller.enqueue(chunk);
    },
  });
  const headers = { authorization: `Bearer ${open.ownerToken}` };
  const response = await fetch(`${open.edges.url}/api/v1/bead.sling`, {
    method: "POST",
    headers,
    body,
  });
  expect([response.status, await codeOf(response)]).toEqual([413, "too_large"]);
});
