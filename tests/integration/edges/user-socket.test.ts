import { afterEach, beforeEach, expect, test } from "bun:test";
import type { AgentEvent, StreamFrame, TopicFrame } from "../../../protocol/index.ts";
import { encodeId } from "../../../protocol/index.ts";
import {
  ask,
  connected,
  disconnected,
  next,
  openTown,
  refusal,
  townId,
  type OpenTown,
} from "./open-town.ts";
import { issueImage, runId } from "./samples.ts";

let open: OpenTown;
beforeEach(() => {
  open = openTown();
});
afterEach(() => open.close());

const owner = () => open.connect({ auth: { token: open.ownerToken } });

test("[F1] a socket opens with an owner's token, or with cookie and secret from the town's page", async () => {
  const byToken = owner();
  expect(await next(byToken, "welcome")).toEqual({
    townId,
    epoch: 1,
    appVersion: "1.2.3",
    connection: 1,
  });
  const { cookie, secret } = await open.login();
  for (const transports of [["websocket"], ["polling"]] as const) {
    const headers = { cookie, origin: open.edges.url };
    await connected(open.connect({ auth: { secret }, headers, transports: [...transports] }));
    const refused = await refusal(open.connect({ headers, transports: [...transports] }));
    expect(refused.data?.code).toBe("unauthenticated");
    const noOrigin = await refusal(
      open.connect({ auth: { secret }, headers: { cookie }, transports: [...transports] }),
    );
    expect(noOrigin.data?.code).toBe("unauthenticated");
  }
});

test("[F1] a foreign Origin or Host is refused on the WebSocket transport directly, and by polling", async () => {
  const { cookie, secret } = await open.login();
  for (const transports of [["websocket"], ["polling"]] as const) {
    for (const headers of [
      { cookie, origin: "https://evil.example" },
      { cookie, origin: "http://localhost:3000" },
      { cookie, origin: "null" },
      { cookie, origin: "http://evil.example", host: "evil.example" },
    ]) {
      const refused = await refusal(
        open.connect({ auth: { secret }, headers, transports: [...transports] }),
      );
      expect(refused.data).toBeUndefined();
      expect(refused.message).toMatch(/websocket error|xhr poll error/);
    }
  }
});

test("[F1] namespaces are closed to strangers, and to the other kind of token", async () => {
  const code = async (namespace: string, token?: string) =>
    (await refusal(open.connect({ namespace, auth: token === undefined ? {} : { token } }))).data
      ?.code;
  expect(await code("/")).toBe("unauthenticated");
  expect(await code("/", "tk_unknown.secret")).toBe("unauthenticated");
  expect(await code("/", open.runnerToken)).toBe("forbidden");
  expect(await code("/runner", open.ownerToken)).toBe("invalid_body");
  expect(await code("/runner")).toBe("invalid_body");
  const admin = await refusal(
    open.connect({ namespace: "/admin", auth: { token: open.ownerToken } }),
  );
  expect(admin.message).toBe("Invalid namespace");
  const old = await refusal(open.connect({ auth: { token: open.ownerToken, version: 0 } }));
  expect(old.data?.code).toBe("protocol_version");
});

test("[F1] ending a token or a login ends its connections", async () => {
  const { id, token } = open.auth.createToken("owner", "short");
  const socket = open.connect({ auth: { token } });
  await connected(socket);
  const end = disconnected(socket);
  open.auth.revokeToken(id);
  expect(await end).toBe("io server disconnect");
});

test("[A8] a command reaches the town as the person, with its key", async () => {
  const socket = owner();
  await connected(socket);
  expect(await ask(socket, "command", { name: "rig.list", body: {}, key: "key-00000001" })).toEqual(
    { ok: true, value: null as never },
  );
  expect(open.town.calls[0]).toMatchObject({
    name: "rig.list",
    caller: { actor: "person:owner" },
    key: "key-00000001",
  });
});

test("[A8] bad frames have typed answers, change nothing, and in number end the connection", async () => {
  const socket = owner();
  await connected(socket);
  const end = disconnected(socket);
  for (const frame of [
    null,
    7,
    "x",
    { name: 5 },
    { name: "rig.list", body: {}, extra: 1 },
    { name: "x".repeat(61), body: {} },
  ]) {
    expect(await ask(socket, "command", frame)).toMatchObject({
      ok: false,
      error: { code: "invalid_body" },
    });
  }
  expect(await ask(socket, "subscribe", { topic: "secrets" })).toMatchObject({
    ok: false,
    error: { code: "invalid_body" },
  });
  expect(open.town.calls).toEqual([]);
  for (let count = 0; count < 20; count++) socket.emit("nonsense", count);
  expect(await end).toBe("io server disconnect");
});

test("[A8] a frame of 5 MB ends the connection and reaches nobody", async () => {
  const socket = owner();
  await connected(socket);
  const end = disconnected(socket);
  socket.emit(
    "command",
    { name: "bead.sling", body: { rig: "x", title: "x".repeat(5_000_000) } },
    () => undefined,
  );
  expect(await end).toStartWith("transport");
  expect(open.town.calls).toEqual([]);
  const polling = open.connect({ auth: { token: open.ownerToken }, transports: ["polling"] });
  await connected(polling);
  const pollingEnd = disconnected(polling);
  polling.emit(
    "command",
    { name: "bead.sling", body: { rig: "x", title: "x".repeat(5_000_000) } },
    () => undefined,
  );
  expect(await pollingEnd).toStartWith("transport");
  expect(open.town.calls).toEqual([]);
});

test("[E1] a subscription answers the state in frames under the limit, then ordered changes", async () => {
  const body = "y".repeat(60_000);
  const ids = Array.from({ length: 12 }, (_, index) =>
    encodeId("issue", new Uint8Array(16).fill(index + 1)),
  );
  open.town.commit(ids.map((id) => ({ topics: ["board"], image: issueImage(id, { body }) })));
  const socket = owner();
  await connected(socket);
  const frames: TopicFrame[] = [];
  socket.on("changes", (frame: TopicFrame) => frames.push(frame));
  const first = (await ask(socket, "subscribe", { topic: "board" })) as unknown as {
    ok: true;
    value: TopicFrame;
  };
  expect(first.value).toMatchObject({ reset: true, complete: false, version: 1 });
  while (frames.at(-1)?.complete !== true) await next(socket, "changes");
  const items = [first.value, ...frames].flatMap((frame) => frame.items);
  expect(items.map((item) => item.id)).toEqual(ids);
  for (const frame of [first.value, ...frames])
    expect(Buffer.byteLength(JSON.stringify(frame))).toBeLessThan(256 * 1024);

  frames.length = 0;
  const [id = ""] = ids;
  for (let count = 0; count < 10; count++)
    open.town.commit([{ topics: ["board"], image: issueImage(id, { title: `t${count}` }) }]);
  await next(socket, "changes");
  expect(frames).toHaveLength(1);
  expect(frames[0]).toMatchObject({
    reset: false,
    complete: true,
    version: 11,
    items: [{ kind: "issue", id, value: { title: "t9" } }],
  });

  const again = await ask(socket, "subscribe", {
    topic: "board",
    since: { epoch: 1, version: 10 },
  });
  expect(again).toMatchObject({ ok: true, value: { reset: false, version: 11, items: [{ id }] } });
  const otherEpoch = await ask(socket, "subscribe", {
    topic: "board",
    since: { epoch: 9, version: 10 },
  });
  expect(otherEpoch).toMatchObject({ ok: true, value: { reset: true } });
  expect(await ask(socket, "unsubscribe", { topic: "board" })).toEqual({
    ok: true,
    value: null as never,
  });
});

test("[E7] a run's stream is resumed by sequence, and a growing part is sent as it is now", async () => {
  const event = (seq: number, text: string): AgentEvent => ({
    seq,
    at: 0,
    turnId: null,
    body: { kind: "text", partId: "p1", text, done: false },
  });
  open.town.emit(runId, [event(1, "a"), event(2, "ab")]);
  const socket = owner();
  await connected(socket);
  const answer = await ask(socket, "stream.open", { stream: `run:${runId}`, since: 1 });
  expect(answer).toMatchObject({ ok: true, value: { events: [{ seq: 2 }] } });
  open.town.emit(runId, [event(3, "abc")]);
  open.town.emit(runId, [event(4, "abcd")]);
  const frame = await next<StreamFrame>(socket, "stream");
  expect(frame.events).toEqual([event(4, "abcd")]);
});

test("[E7] the stream of a run goes on beside its topic, which has the same name", async () => {
  const socket = owner();
  await connected(socket);
  const event: AgentEvent = { seq: 9, at: 0, turnId: null, body: { kind: "status", text: "Here" } };
  await ask(socket, "stream.open", { stream: `run:${runId}`, since: 8 });
  await ask(socket, "subscribe", { topic: `run:${runId}` });
  open.town.emit(runId, [event]);
  expect((await next<StreamFrame>(socket, "stream")).events).toEqual([event]);
  await ask(socket, "unsubscribe", { topic: `run:${runId}` });
  open.town.emit(runId, [{ ...event, seq: 10 }]);
  expect((await next<StreamFrame>(socket, "stream")).events[0]?.seq).toBe(10);
});
