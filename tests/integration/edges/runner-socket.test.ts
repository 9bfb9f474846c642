import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Socket } from "socket.io-client";
import type { RunnerWelcome } from "../../../protocol/index.ts";
import { ask, connected, disconnected, openTown, type OpenTown } from "./open-town.ts";
import { baselineOffer, hello, runId } from "./samples.ts";

let open: OpenTown;
beforeEach(() => {
  open = openTown();
});
afterEach(() => open.close());

async function join(): Promise<{ socket: Socket; welcome: RunnerWelcome }> {
  const socket = await open.connectRunner();
  await connected(socket);
  const answer = (await ask(socket, "hello", hello)) as unknown as {
    ok: true;
    value: RunnerWelcome;
  };
  expect(answer.ok).toBe(true);
  return { socket, welcome: answer.value };
}

test("[C6] a runner says hello, is heard, and is asked over its connection", async () => {
  const { socket, welcome } = await join();
  const { connection, runnerId } = welcome;
  expect(await ask(socket, "heartbeat", { connection, lastOfferSeq: 0, runs: [] })).toMatchObject({
    ok: true,
  });
  socket.on("offer", (_frame, ack: (answer: unknown) => void) =>
    ack({ ok: true, value: { accepted: true } }),
  );
  const answer = await open.edges.runnerPort.offer(runnerId, baselineOffer(connection, 1_000));
  expect(answer).toEqual({ ok: true, value: { accepted: true } });
});

test("[C6] what a runner does not answer, or answers wrongly, ends typed and in time", async () => {
  const { socket, welcome } = await join();
  const { connection, runnerId } = welcome;
  const { runnerPort } = open.edges;
  expect(await runnerPort.offer(runnerId, baselineOffer(connection, 1))).toMatchObject({
    ok: false,
    error: { code: "deadline", retryable: true },
  });
  expect(await runnerPort.offer(runnerId, baselineOffer(connection + 1, 1))).toMatchObject({
    ok: false,
    error: { code: "offline" },
  });
  socket.on("offer", (_frame, ack: (answer: unknown) => void) => ack({ yes: true }));
  expect(await runnerPort.offer(runnerId, baselineOffer(connection, 1_000))).toMatchObject({
    ok: false,
    error: { code: "internal" },
  });
  socket.on("stop", () => socket.disconnect());
  const frame = {
    connection,
    runId,
    fence: { epoch: 1, n: 1 },
    outcome: "stopped_by_town" as const,
    reason: "test",
  };
  expect(await runnerPort.stop(runnerId, frame)).toMatchObject({
    ok: false,
    error: { code: "offline", retryable: true },
  });
  expect(open.town.gone).toEqual([{ runnerId, connection }]);
});

test("[C6] a second connection of a runner closes the first, whose end is not the runner's", async () => {
  const first = await join();
  const end = disconnected(first.socket);
  const second = await join();
  expect(await end).toBe("io server disconnect");
  expect(second.welcome.connection).toBeGreaterThan(first.welcome.connection);
  const { connection } = second.welcome;
  expect(
    await ask(second.socket, "heartbeat", { connection, lastOfferSeq: 0, runs: [] }),
  ).toMatchObject({ ok: true });
  expect(open.town.gone).toEqual([]);
});

test("[C6] a frame without hello, or with another connection's number, closes the connection whole", async () => {
  const early = await open.connectRunner();
  await connected(early);
  const earlyEnd = disconnected(early);
  expect(await ask(early, "heartbeat", { connection: 1, lastOfferSeq: 0, runs: [] })).toMatchObject(
    { ok: false, error: { code: "stale_connection" } },
  );
  expect(await earlyEnd).toBe("io server disconnect");
  const { socket, welcome } = await join();
  const end = disconnected(socket);
  const stale = { connection: welcome.connection - 1, lastOfferSeq: 0, runs: [] };
  expect(await ask(socket, "heartbeat", stale)).toMatchObject({
    ok: false,
    error: { code: "stale_connection" },
  });
  expect(await end).toBe("io server disconnect");
});

test("[F1] a runner's connection knows no person's events", async () => {
  const { socket } = await join();
  const end = disconnected(socket);
  for (let count = 0; count < 20; count++)
    socket.emit("command", { name: "rig.list", body: {} }, () => undefined);
  expect(await end).toBe("io server disconnect");
  expect(open.town.calls).toEqual([]);
});
