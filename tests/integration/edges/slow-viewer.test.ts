import { expect, test } from "bun:test";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { io } from "socket.io-client";
import type { TopicFrame } from "../../../protocol/index.ts";
import { encodeId } from "../../../protocol/index.ts";
import { ask, connected, openTown } from "./open-town.ts";
import { issueImage } from "./samples.ts";

/** A TCP pipe to the town that can stop reading, as a slow network does. */
async function openPipe(
  port: number,
): Promise<{ port: number; pause(): void; resume(): void; close(): void }> {
  const ends: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    ends.push(near, far);
    near.pipe(far).pipe(near);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const far = () => ends.filter((_, index) => index % 2 === 1);
  return {
    port: (server.address() as AddressInfo).port,
    pause: () => far().forEach((socket) => socket.unpipe().pause()),
    resume: () => far().forEach((socket, index) => socket.pipe(ends[2 * index] as Socket)),
    close() {
      for (const socket of ends) socket.destroy();
      server.close();
    },
  };
}

/** Sixteen bytes that differ from those of the other images. */
function numbered(index: number): Uint8Array {
  const bytes = new Uint8Array(16).fill(0xee);
  new DataView(bytes.buffer).setUint32(0, index + 1);
  return bytes;
}

test("[E1] a viewer that stops reading slows nobody and catches up with the newest state", async () => {
  const open = openTown();
  const pipe = await openPipe(open.edges.port);
  const slow = io(`http://127.0.0.1:${pipe.port}`, {
    auth: { version: 1, client: "slow", token: open.ownerToken },
    transports: ["websocket"],
    reconnection: false,
  });
  try {
    await connected(slow);
    const quick = open.connect({ auth: { token: open.ownerToken } });
    await connected(quick);
    await ask(slow, "subscribe", { topic: "changes" });
    await ask(quick, "subscribe", { topic: "changes" });
    const seen = (socket: typeof slow) => {
      const state = { bytes: 0, versions: [] as number[], last: new Map<string, string>() };
      socket.on("changes", (frame: TopicFrame) => {
        state.bytes += JSON.stringify(frame).length;
        if (frame.complete) state.versions.push(frame.version);
        for (const item of frame.items)
          if (item.kind === "issue") state.last.set(item.id, item.value?.title ?? "");
      });
      return state;
    };
    const bySlow = seen(slow);
    const byQuick = seen(quick);
    const reached = async (socket: typeof slow, state: typeof bySlow, version: number) => {
      while ((state.versions.at(-1) ?? 0) < version) {
        await new Promise((resolve) => socket.once("changes", resolve));
      }
    };
    pipe.pause();
    const ids = Array.from({ length: 8 }, (_, index) =>
      encodeId("issue", new Uint8Array(16).fill(index + 1)),
    );
    const body = "z".repeat(60_000);
    let version = 0;
    // Far more than every buffer on the way holds: 60 rounds of half a megabyte.
    for (let round = 0; round < 60; round++) {
      version = open.town.commit(
        ids.map((id) => ({
          topics: ["changes"],
          image: issueImage(id, { body, title: `round ${round}` }),
        })),
      );
      await reached(quick, byQuick, version);
    }
    expect(byQuick.bytes).toBeGreaterThan(25_000_000);
    // More different things than are gathered for one who does not read: those are asked for again.
    const many = Array.from({ length: 3_000 }, (_, index) => encodeId("issue", numbered(index)));
    for (let at = 0; at < many.length; at += 100) {
      const images = many.slice(at, at + 100).map((id) => issueImage(id, { title: "one of many" }));
      version = open.town.commit(images.map((image) => ({ topics: ["changes"], image })));
    }
    await reached(quick, byQuick, version);
    pipe.resume();
    await reached(slow, bySlow, version);
    expect(ids.map((id) => bySlow.last.get(id))).toEqual(ids.map(() => "round 59"));
    expect(many.filter((id) => bySlow.last.get(id) !== "one of many")).toEqual([]);
    expect(bySlow.versions).toEqual(bySlow.versions.toSorted((a, b) => a - b));
    expect(bySlow.bytes).toBeLessThan(byQuick.bytes);
  } finally {
    slow.disconnect();
    pipe.close();
    await open.close();
  }
}, 30_000);
