import { describe, expect, test } from "bun:test";
import { ok, type Result, type TopicFrame } from "../../protocol/index.ts";
import type { Ports } from "./ports.ts";
import { TopicHub, type TopicSource } from "./topic-hub.ts";

const whole = (version: number, epoch = 1): TopicFrame => ({
  topic: "board",
  epoch,
  version,
  reset: true,
  complete: true,
  items: [],
});

/** A source that notes what was asked and answers with the next of `answers`. */
function stage(answers: Result<TopicFrame>[]) {
  const asked: unknown[] = [];
  const left: string[] = [];
  const delayed: (() => void)[] = [];
  const source: TopicSource = {
    subscribe(frame) {
      asked.push(frame);
      return Promise.resolve(answers.shift() ?? ok(whole(1)));
    },
    unsubscribe: (topic) => void left.push(topic),
  };
  const ports: Ports = {
    now: () => 0,
    newKey: () => "key-00000",
    later(_delayMs, action) {
      delayed.push(action);
      return () => void delayed.splice(delayed.indexOf(action), 1);
    },
  };
  return { hub: new TopicHub(source, ports), asked, left, delayed };
}

describe("[E1] topic hub", () => {
  test("two viewers of a topic share one subscription, and it ends after the last has left", async () => {
    const { hub, asked, left, delayed } = stage([]);
    hub.connected();
    const one = hub.follow("board", () => undefined);
    const two = hub.follow("board", () => undefined);
    await Promise.resolve();
    expect(asked).toEqual([{ topic: "board" }]);
    one();
    expect(delayed).toHaveLength(0);
    two();
    expect(left).toEqual([]);
    for (const action of delayed.splice(0)) action();
    expect(left).toEqual(["board"]);
  });

  test("a viewer who comes back in time keeps the subscription", () => {
    const { hub, left, delayed } = stage([]);
    hub.connected();
    hub.follow("board", () => undefined)();
    hub.follow("board", () => undefined);
    expect(delayed).toHaveLength(0);
    expect(left).toEqual([]);
  });

  test("after a reconnect it goes on from where it was", async () => {
    const { hub, asked } = stage([ok(whole(7))]);
    hub.follow("board", () => undefined);
    hub.connected();
    await Promise.resolve();
    hub.disconnected();
    hub.connected();
    expect(asked).toEqual([
      { topic: "board" },
      { topic: "board", since: { epoch: 1, version: 7 } },
    ]);
  });

  test("changes of a new town epoch make it start over", async () => {
    const { hub, asked } = stage([ok(whole(7)), ok(whole(1, 2))]);
    hub.follow("board", () => undefined);
    hub.connected();
    await Promise.resolve();
    hub.receive({ ...whole(8, 2), reset: false });
    await Promise.resolve();
    expect(asked[1]).toEqual({ topic: "board" });
    expect(hub.state("board").position).toEqual({ epoch: 2, version: 1 });
  });

  test("a refusal is kept as a sentence and told to viewers", async () => {
    let told = 0;
    const { hub } = stage([
      {
        ok: false,
        error: { code: "not_found", message: "There is no such bead.", retryable: false },
      },
    ]);
    hub.follow("board", () => void told++);
    hub.connected();
    await Promise.resolve();
    await Promise.resolve();
    expect(hub.problem("board")).toBe("There is no such bead.");
    expect(told).toBeGreaterThan(0);
  });
});
