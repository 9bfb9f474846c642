import { describe, expect, test } from "bun:test";
import type { AnyImage, TopicFrame } from "../../protocol/index.ts";
import { applyFrame, emptyTopic, imageOf, imagesOf, type TopicState } from "./topic-state.ts";

const item = (id: string, value: unknown): AnyImage => ({ kind: "issue", id, value }) as AnyImage;
const frame = (more: Partial<TopicFrame>): TopicFrame => ({
  topic: "board",
  epoch: 1,
  version: 1,
  reset: false,
  complete: true,
  items: [],
  ...more,
});

function apply(state: TopicState, more: Partial<TopicFrame>): TopicState {
  const applied = applyFrame(state, frame(more));
  if (applied.kind !== "applied") throw new Error("the frame was out of step");
  return applied.state;
}

describe("[E1] topic state", () => {
  const first = apply(emptyTopic, {
    reset: true,
    version: 4,
    items: [item("a", { id: "a" }), item("b", { id: "b" })],
  });

  test("a whole state is ready and holds its images", () => {
    expect(first.ready).toBe(true);
    expect(first.position).toEqual({ epoch: 1, version: 4 });
    expect(imagesOf(first, "issue")).toHaveLength(2);
    expect(imagesOf(first, "run")).toHaveLength(0);
  });

  test("changes replace images, and a null value removes one", () => {
    const next = apply(first, {
      version: 5,
      items: [item("a", { id: "a", title: "new" }), item("b", null)],
    });
    expect(imageOf(next, "issue", "a")).toEqual({ id: "a", title: "new" } as never);
    expect(imageOf(next, "issue", "b")).toBeUndefined();
    expect(imagesOf(first, "issue")).toHaveLength(2);
  });

  test("a reset in several frames shows nothing half, and then forgets what is not in it", () => {
    const half = apply(first, {
      reset: true,
      complete: false,
      version: 9,
      items: [item("c", { id: "c" })],
    });
    expect(imagesOf(half, "issue")).toHaveLength(2);
    expect(half.position).toEqual({ epoch: 1, version: 4 });
    const whole = apply(half, { version: 9, items: [item("d", { id: "d" })] });
    expect([...whole.items.keys()]).toEqual(["issue:c", "issue:d"]);
    expect(whole.position).toEqual({ epoch: 1, version: 9 });
  });

  test("changes of another epoch, or before any state, are out of step", () => {
    expect(applyFrame(first, frame({ epoch: 2, version: 10 })).kind).toBe("out_of_step");
    expect(applyFrame(emptyTopic, frame({})).kind).toBe("out_of_step");
  });

  test("an older frame changes nothing", () => {
    expect(apply(first, { version: 3, items: [item("a", null)] })).toBe(first);
  });

  test("the list of a kind stays the same array while the state does", () => {
    expect(imagesOf(first, "issue")).toBe(imagesOf(first, "issue"));
  });
});
