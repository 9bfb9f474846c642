import { afterEach, beforeEach, expect, test } from "bun:test";
import { PROTOCOL_VERSION } from "../../../protocol/index.ts";
import { memoryMembership, memoryStore, proofOf } from "../../support/membership.ts";
import { connected, disconnected, openTown, refusal, townId, type OpenTown } from "./open-town.ts";

const soon = () => AbortSignal.timeout(10_000);

let open: OpenTown;
beforeEach(() => {
  open = openTown();
});
afterEach(() => open.close());

const enter = (auth: Record<string, unknown>) => open.connect({ namespace: "/runner", auth });
const codeOf = async (auth: Record<string, unknown>) => (await refusal(enter(auth))).data?.code;

test("[C7] a token is exchanged once for the runner's key; the answer that was lost is given again, and the token opens nothing", async () => {
  const store = memoryStore();
  const member = memoryMembership(store);
  const { url } = open.edges;
  expect(await member.prove(url, soon())).toMatchObject({ error: { code: "unauthenticated" } });
  for (let again = 0; again < 2; again++)
    expect(await member.join(url, open.runnerToken, soon())).toMatchObject({ ok: true });
  expect(open.auth.listTokens()).toContainEqual(
    expect.objectContaining({ name: "test", role: "runner", joinedAt: open.clock.ms }),
  );
  await connected(enter(await proofOf(member, url, "none")));
  // The key lasts over a restart of the runner.
  const later = memoryMembership(store);
  expect(later.hasJoined).toBe(true);
  await connected(enter(await proofOf(later, url, "none")));
  expect(await codeOf({ token: open.runnerToken })).toBe("invalid_body");
  expect(open.town.twice).toEqual([]);
});

test("[C7] a second use of a token shuts both runners out and tells people", async () => {
  const [first, second] = [memoryMembership(), memoryMembership()];
  const { url } = open.edges;
  const socket = enter(await proofOf(first, url, open.runnerToken));
  await connected(socket);
  const end = disconnected(socket);
  expect(await second.join(url, open.runnerToken, soon())).toMatchObject({
    error: { code: "unauthenticated", message: expect.stringContaining("another runner") },
  });
  expect(await end).toBe("io server disconnect");
  const { id } = open.auth.listTokens().find(({ role }) => role === "runner") ?? { id: "" };
  expect(open.town.twice).toEqual([id]);
  expect(await codeOf(await proofOf(first, url, "none"))).toBe("unauthenticated");
  expect(await first.join(url, open.runnerToken, soon())).toMatchObject({ ok: false });
  expect(open.town.twice).toEqual([id]);
});

test("[C7] only what this town gave just now, signed by the key of that member, opens a connection, once", async () => {
  const { url } = open.edges;
  const [mine, other] = [memoryMembership(), memoryMembership()];
  const proof = await proofOf(mine, url, open.runnerToken);
  const { token } = open.auth.createToken("runner", "other");
  const foreign = await proofOf(other, url, token);
  expect(await codeOf({ ...proof, member: foreign.member })).toBe("unauthenticated");
  expect(await codeOf({ ...proof, signature: foreign.signature })).toBe("unauthenticated");
  expect(await codeOf({ ...proof, nonce: `${proof.nonce}x` })).toBe("stale_connection");
  const [until = "", ...rest] = proof.nonce.split(".");
  const longer = [Number(until) + 60_000, ...rest].join(".");
  expect(await codeOf({ ...proof, nonce: longer })).toBe("stale_connection");
  await connected(enter({ ...proof }));
  expect(await codeOf({ ...proof })).toBe("stale_connection");
  const late = await proofOf(mine, url, "none");
  open.clock.ms += 61_000;
  expect(await codeOf({ ...late })).toBe("stale_connection");
});

test("[C7] a key is of one town: to another it proves nothing, and without a token of that it is not tried", async () => {
  const elsewhere = openTown();
  try {
    const member = memoryMembership();
    const proof = await proofOf(member, elsewhere.edges.url, elsewhere.runnerToken);
    expect(await codeOf({ ...proof })).toBe("stale_connection");
    const { nonce } = await challenge();
    expect(await codeOf({ ...proof, nonce })).toBe("unauthenticated");
  } finally {
    await elsewhere.close();
  }
});

test("[C7] wrong tokens, keys and bodies are refused typed, and exchange nothing", async () => {
  const join = async (token: string, body: unknown) => {
    const answer = await open.post("/api/runner/join", body, { authorization: `Bearer ${token}` });
    const { error } = (await answer.json()) as { error: { code: string } };
    return [answer.status, error.code];
  };
  const publicKey = "A".repeat(43);
  const { runnerToken, ownerToken } = open;
  expect(await join("tk_none.secret", { publicKey })).toEqual([401, "unauthenticated"]);
  expect(await join(`${runnerToken}x`, { publicKey })).toEqual([401, "unauthenticated"]);
  expect(await join(ownerToken, { publicKey })).toEqual([403, "forbidden"]);
  for (const body of [{}, { publicKey: "short" }, { publicKey, more: 1 }, [], "{"])
    expect((await join(runnerToken, body))[0]).toBe(400);
  const revoked = open.auth.createToken("runner", "gone");
  open.auth.revokeToken(revoked.id);
  expect(await join(revoked.token, { publicKey })).toEqual([401, "unauthenticated"]);
  expect(open.auth.listTokens().map(({ joinedAt }) => joinedAt)).toEqual([null, null, null]);
});

test("[C7] a runner of an older protocol is told to install the town's version", async () => {
  const old = open.connect({
    namespace: "/runner",
    auth: { version: PROTOCOL_VERSION - 1, token: open.runnerToken },
  });
  expect((await refusal(old)).data).toMatchObject({ code: "protocol_version" });
});

async function challenge(): Promise<{ nonce: string }> {
  const answer = await open.post("/api/runner/challenge", {});
  const { value } = (await answer.json()) as { value: { nonce: string; townId: string } };
  expect(value.townId).toBe(townId);
  return value;
}
