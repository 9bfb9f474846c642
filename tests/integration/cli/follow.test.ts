import { afterEach, beforeEach, expect, test } from "bun:test";
import { writeTownFile } from "../../../cli/town-file.ts";
import { encodeId, type ChatEntry } from "../../../protocol/index.ts";
import { openTown, type OpenTown } from "../edges/open-town.ts";
import { issueImage } from "../edges/samples.ts";
import { runCli } from "./run-cli.ts";

let open: OpenTown;
beforeEach(() => {
  open = openTown();
  const { url } = open.edges;
  writeTownFile(open.dir, { url, pid: process.pid, token: open.ownerToken, version: "1.2.3" });
});
afterEach(() => open.close());

const id = (kind: Parameters<typeof encodeId>[0], fill: number) =>
  encodeId(kind, new Uint8Array(16).fill(fill));
const jsonLines = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

test("[A8] watch prints the state and ends with --once; --since asks only for what changed", async () => {
  const [first, second] = [id("issue", 1), id("issue", 2)];
  open.town.commit([{ topics: ["board"], image: issueImage(first) }]);
  open.town.commit([{ topics: ["board"], image: issueImage(second, { title: "second" }) }]);
  const all = await runCli(["watch", "board", "--once", "--data", open.dir]);
  expect(all.code).toBe(0);
  expect(jsonLines(all.out)).toMatchObject([
    { topic: "board", epoch: 1, version: 2, reset: true },
    { kind: "issue", id: first },
    { kind: "issue", id: second, value: { title: "second" } },
  ]);
  const since = await runCli(["watch", "board", "--once", "--since", "1:1", "--data", open.dir]);
  expect(jsonLines(since.out)).toMatchObject([{ kind: "issue", id: second, version: 2 }]);
});

test("[B1] mayor says the words, waits for the turn they began, and prints its answer", async () => {
  const turnId = id("turn", 1);
  const entry = (change: Partial<ChatEntry>): ChatEntry => ({
    id: "c1",
    kind: "mayor",
    sessionId: id("session", 1),
    turnId,
    runId: null,
    author: "mayor",
    text: "",
    steps: [],
    state: "streaming",
    note: null,
    wait: null,
    continued: null,
    beads: [],
    at: 0,
    ...change,
  });
  const show = (change: Partial<ChatEntry>) => {
    const value = entry(change);
    open.town.commit([{ topics: ["mayor"], image: { kind: "chat", id: value.id, value } }]);
  };
  open.town.answers.set("mayor.say", () => {
    show({ id: "c0", turnId: id("turn", 9), state: "done", text: "an older answer" });
    const wait = { rule: "town/allocate", text: "no runner\u0007 is connected", untilAt: null };
    show({ id: "c2", kind: "person", state: "queued", wait });
    show({ text: "thinking" });
    const step = { tool: "gt_rigs", arguments: "{}", result: "[]", ok: true };
    show({ text: "It is slung.", state: "done", steps: [step] });
    return { messageId: id("message", 1), turnId };
  });
  const { code, out, err } = await runCli(["mayor", "Build it", "--data", open.dir]);
  expect([code, out]).toEqual([0, "· gt_rigs\nIt is slung.\n"]);
  expect(err).toBe("Not begun: no runner is connected\n");
  expect(open.town.calls.map(({ name, body }) => [name, body])).toEqual([
    ["mayor.say", { text: "Build it" }],
  ]);
});

test("[A8] foreign text cannot drive the terminal that lists it", async () => {
  const bead = issueImage(id("issue", 1), { title: "evil\u001b[2J\u0007\nsecond line" }).value;
  open.town.answers.set("bead.list", () => [bead]);
  const { code, out } = await runCli(["beads", "--data", open.dir]);
  expect(code).toBe(0);
  expect(out.trim().split("\n")).toHaveLength(2);
  expect(out).not.toMatch(/[\u001b\u0007]/);
});
