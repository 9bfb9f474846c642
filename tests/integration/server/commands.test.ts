import { afterEach, beforeEach, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { exit, openStage, PlayedRunner, type Stage } from "./stage.ts";

let stage: Stage;
let rigId: string;
beforeEach(async () => {
  stage = await openStage();
  rigId = (await stage.do("rig.add", { remote: "/nowhere/sample", target: "main" })).id;
});
afterEach(() => stage[Symbol.asyncDispose]());

const beads = async () => (await stage.do("bead.list", { limit: 500 })).length;

test("[A8] a command is on disk when it is acknowledged", async () => {
  const bead = await stage.do("bead.sling", { rig: rigId, title: "Sort" });
  const other = new Database(stage.databaseFile, { readonly: true });
  const row = other.query("select title from beads where id = ?").get(bead.id);
  other.close();
  expect(row).toEqual({ title: "Sort" });
});

test("[A8] a command that fails changes nothing and leaves its neighbours of the tick alone", async () => {
  const answers = await Promise.all([
    stage.codeOf("bead.sling", { rig: rigId, title: "One" }),
    stage.codeOf("bead.sling", { rig: rigId, title: "Two", dependsOn: ["bd-zzzzzz"] }),
    stage.codeOf("bead.sling", { rig: rigId, title: "Three" }),
  ]);
  expect(answers).toEqual(["ok", "not_found", "ok"]);
  expect((await stage.do("bead.list", {})).map(({ title }) => title)).toEqual(["Three", "One"]);
});

test("[A8] [SC-DISPATCH-3] an idempotency key applies its command once, and refuses another under it", async () => {
  const body = { rig: rigId, title: "Sort" };
  const first = await stage.call("bead.sling", body, "key-12345");
  const second = await stage.call("bead.sling", body, "key-12345");
  expect(second).toEqual(first);
  expect(await beads()).toBe(1);
  expect(await stage.codeOf("bead.sling", { ...body, title: "Other" }, "key-12345")).toBe(
    "idempotency_conflict",
  );
  await stage.restart();
  expect(await stage.call("bead.sling", body, "key-12345")).toEqual(first);
  expect(await beads()).toBe(1);
});

test("[A8] a refused command may be given again with its key", async () => {
  expect(await stage.codeOf("bead.sling", { rig: "nowhere", title: "x" }, "key-67890")).toBe(
    "not_found",
  );
  expect(await stage.codeOf("bead.sling", { rig: rigId, title: "x" }, "key-67890")).toBe("ok");
});

test.each([
  ["an unknown command", "bead.explode", {}, "unknown_command"],
  ["a command of the prototype", "toString", {}, "unknown_command"],
  [
    "a body with an unknown key",
    "bead.sling",
    { rig: "sample", title: "x", sudo: 1 },
    "invalid_body",
  ],
  ["no body at all", "bead.sling", null, "invalid_body"],
  [
    "a title of 100 kB",
    "bead.sling",
    { rig: "sample", title: "x".repeat(100_000) },
    "invalid_body",
  ],
  ["an empty title", "bead.sling", { rig: "sample", title: "  " }, "invalid_body"],
  ["an unknown rig", "bead.sling", { rig: "nowhere", title: "x" }, "not_found"],
  ["an unknown bead", "bead.get", { bead: "bd-zzzzzz" }, "not_found"],
  ["a rig that is named as a bead", "bead.get", { bead: "sample" }, "not_found"],
  ["an address that is none", "rig.add", { remote: "not a repository" }, "invalid_body"],
  ["an address that is an option", "rig.add", { remote: "-u@host:x" }, "invalid_body"],
  ["a transport that runs programs", "rig.add", { remote: "ext::sh -c id" }, "invalid_body"],
  ["a password in an address", "rig.add", { remote: "https://me:pw@host/x.git" }, "invalid_body"],
  ["a token in an address", "rig.add", { remote: "https://ghp_abc@host/x.git" }, "invalid_body"],
  ["a second rig of a name", "rig.add", { remote: "/elsewhere/sample" }, "already_exists"],
])("[A8] %s is refused and changes nothing", async (_, name, body, code) => {
  const before = stage.core.topic("changes");
  expect(await stage.codeOf(name, body)).toBe(code);
  expect(stage.core.topic("changes")).toEqual(before);
});

test("[F1] a runner may give no command of a person", async () => {
  const runner = { principal: "runner", actor: "runner:x" } as const;
  for (const name of ["bead.sling", "town.status", "token.create"]) {
    const ack = await stage.core.call(name, {}, runner);
    expect(ack.ok ? "ok" : ack.error.code).toBe("forbidden");
  }
});

test("[B2] a change of a bead that somebody changed meanwhile is refused with its version", async () => {
  const bead = await stage.do("bead.sling", { rig: rigId, title: "Sort" });
  const on = await stage.do("bead.sling", { rig: rigId, title: "List" });
  await stage.do("bead.depend", { bead: bead.id, on: on.id });
  const close = { bead: bead.id, outcome: "cancelled", version: bead.version };
  expect(await stage.codeOf("bead.close", close)).toBe("stale_version");
  expect(await stage.codeOf("bead.close", { ...close, version: bead.version + 1 })).toBe("ok");
});

test("[B4] dependencies: no circle, no other rig, only open beads", async () => {
  const [a, b, c] = await Promise.all(
    ["a", "b", "c"].map((title) => stage.do("bead.sling", { rig: rigId, title })),
  );
  if (!a || !b || !c) throw new Error("three were slung");
  await stage.do("bead.depend", { bead: a.id, on: b.id });
  await stage.do("bead.depend", { bead: b.id, on: c.id });
  expect(await stage.codeOf("bead.depend", { bead: c.id, on: a.id })).toBe("cyclic_dependency");
  expect(await stage.codeOf("bead.depend", { bead: a.id, on: a.id })).toBe("cyclic_dependency");
  const other = await stage.do("rig.add", { remote: "/nowhere/other", target: "main" });
  const foreign = await stage.do("bead.sling", { rig: other.id, title: "far" });
  expect(await stage.codeOf("bead.depend", { bead: a.id, on: foreign.id })).toBe("foreign_rig");
  expect(await stage.codeOf("bead.undepend", { bead: c.id, on: a.id })).toBe("not_found");
  await stage.do("bead.close", { bead: c.id, outcome: "answered" });
  expect(await stage.codeOf("bead.depend", { bead: c.id, on: b.id })).toBe("illegal_transition");
});

const task = (key: string, ...dependsOn: string[]) => ({ key, title: key, dependsOn });
test.each([
  ["a circle of tasks", [task("a", "b"), task("b", "c"), task("c", "a")], "cyclic_dependency"],
  ["a task that waits for itself", [task("a", "a")], "cyclic_dependency"],
  ["an unknown key", [task("a", "z")], "invalid_body"],
  ["two equal keys", [task("a"), task("a")], "invalid_body"],
  ["51 tasks", Array.from({ length: 51 }, (_, i) => task(`t${i}`)), "invalid_body"],
  ["no task", [], "invalid_body"],
  ["tasks that would all run at once", [task("a"), task("b")], "parallel_required"],
])("[B3] [SC-CONVOY-7] a convoy of %s is refused whole", async (_, tasks, code) => {
  expect(await stage.codeOf("convoy.sling", { rig: rigId, title: "All", tasks })).toBe(code);
  expect(await beads()).toBe(0);
  expect(await stage.do("convoy.list", {})).toEqual([]);
});

test("[B3] [SC-CONVOY-6] a convoy of 50 tasks is created together, in parallel only when that is said", async () => {
  const tasks = Array.from({ length: 50 }, (_, i) => task(`t${i}`, ...(i ? [`t${i - 1}`] : [])));
  const made = await stage.do("convoy.sling", { rig: rigId, title: "All", tasks });
  expect(made.beads).toHaveLength(50);
  expect(made.beads[1]?.blockedBy).toEqual([made.beads[0]?.id ?? ""]);
  const both = { rig: rigId, title: "Both", tasks: [task("a"), task("b")], parallel: true };
  expect(await stage.codeOf("convoy.sling", both)).toBe("ok");
});

test("[B2] closing and reopening: outcomes, cycles, and what has landed stays closed", async () => {
  const bead = await stage.do("bead.sling", { rig: rigId, title: "Sort" });
  expect(await stage.codeOf("bead.close", { bead: bead.id, outcome: "landed" })).toBe(
    "invalid_body",
  );
  await stage.do("bead.close", { bead: bead.id, outcome: "cancelled", reason: "not needed" });
  expect(await stage.codeOf("bead.close", { bead: bead.id, outcome: "answered" })).toBe(
    "illegal_transition",
  );
  const again = await stage.do("bead.reopen", { bead: bead.id });
  expect(again).toMatchObject({
    status: "open",
    cycle: 2,
    round: 1,
    outcome: null,
    closedAt: null,
  });
  expect(await stage.codeOf("bead.reopen", { bead: bead.id })).toBe("illegal_transition");
});

test("[A4] the model's key is not in the database file, and goes when the address changes", async () => {
  const key = "sk-very-secret-0123456789";
  const model = {
    provider: "openai-compatible",
    baseUrl: "http://127.0.0.1:9/v1",
    model: "m",
  } as const;
  const set = await stage.do("model.set", { ...model, key });
  expect(set.key).toEqual({ set: true, tail: "6789", readable: true });
  const same = await stage.do("model.set", { ...model, baseUrl: `${model.baseUrl}/`, model: "n" });
  expect(same.key.set).toBe(true);
  for (const suffix of ["", "-wal"]) {
    const bytes = Buffer.from(await Bun.file(stage.databaseFile + suffix).arrayBuffer());
    expect(bytes.includes(key)).toBe(false);
  }
  const moved = await stage.do("model.set", { ...model, baseUrl: "http://127.0.0.1:8/v1" });
  expect(moved.key.set).toBe(false);
});

test("[A4] [SC-DISPATCH-2] a town without a model says so and dispatches nothing", async () => {
  const runner = new PlayedRunner(stage);
  await runner.hello();
  const offer = await stage.offered("baseline");
  const fact = { target: "main", targetOid: "b".repeat(40), green: true, gates: [], reason: null };
  await runner.end(offer, { kind: "baseline", ...fact });
  const bead = await stage.do("bead.sling", { rig: rigId, title: "Sort" });
  await stage.until(
    async () => (await stage.issue(bead.id)).wait?.text.includes("no model") || undefined,
  );
  expect(stage.port.offers.map(({ spec }) => spec.kind)).toEqual(["baseline"]);
});

test("[F5] [SC-DELETE-2] a rig that is deleted ends its runs first, and takes nothing new", async () => {
  const runner = new PlayedRunner(stage);
  await runner.hello();
  const offer = await stage.offered("baseline");
  expect(await stage.codeOf("rig.remove", { rig: rigId })).toBe("ok");
  expect(await stage.codeOf("bead.sling", { rig: rigId, title: "Sort" })).toBe(
    "illegal_transition",
  );
  expect(await stage.do("rig.list", {})).toMatchObject([{ deletion: { work: "save" } }]);
  expect(await stage.codeOf("rig.purge", { rig: rigId })).toBe("busy");
  await runner.tell(offer.spec, exit("evicted"));
  await stage.until(async () => (await stage.do("trash.list", {})).length === 1 || undefined);
  expect(await stage.do("rig.list", {})).toEqual([]);
  expect(await stage.codeOf("bead.sling", { rig: rigId, title: "x" })).toBe("not_found");
});
