import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Ack, CommandValue, Issue } from "../../../protocol/index.ts";
import { coreTown, OWNER, type CoreTown } from "../../support/core-town.ts";

async function withRig(town: CoreTown): Promise<string> {
  const ack = await town.core.call("rig.add", { remote: "/tmp/repository.git" }, OWNER);
  if (!ack.ok) throw new Error(ack.error.message);
  return (ack.value as { id: string }).id;
}

const call = (town: CoreTown, name: string, body: unknown, key?: string): Promise<Ack> =>
  town.core.call(name, body, OWNER, key);

async function made<T>(answer: Promise<Ack>): Promise<T> {
  const ack = await answer;
  if (!ack.ok) throw new Error(`${ack.error.code}: ${ack.error.message}`);
  return ack.value as T;
}

const counts = async (town: CoreTown) =>
  (await made<CommandValue<"town.status">>(call(town, "town.status", {}))).counts;

describe("bad input changes nothing and says what was wrong", () => {
  const task = (key: string, dependsOn: string[] = []) => ({
    key,
    title: `Task ${key}`,
    dependsOn,
  });
  const cases: [string, string, (rig: string) => unknown, string][] = [
    ["an unknown command", "bead.explode", () => ({}), "unknown_command"],
    ["an unknown rig", "bead.sling", () => ({ rig: "nowhere", title: "x" }), "not_found"],
    ["an empty title", "bead.sling", (rig) => ({ rig, title: "  " }), "invalid_body"],
    [
      "a title of 100 kB",
      "bead.sling",
      (rig) => ({ rig, title: "x".repeat(100_000) }),
      "invalid_body",
    ],
    ["an unknown field", "bead.sling", (rig) => ({ rig, title: "x", admin: true }), "invalid_body"],
    [
      "51 tasks",
      "convoy.sling",
      (rig) => ({
        rig,
        title: "c",
        parallel: true,
        tasks: Array.from({ length: 51 }, (_, n) => task(`t${n}`)),
      }),
      "invalid_body",
    ],
    [
      "a cyclic convoy",
      "convoy.sling",
      (rig) => ({ rig, title: "c", tasks: [task("a", ["b"]), task("b", ["a"])] }),
      "cyclic_dependency",
    ],
    [
      "a task that depends on nobody's key",
      "convoy.sling",
      (rig) => ({ rig, title: "c", tasks: [task("a", ["z"])] }),
      "invalid_body",
    ],
    [
      "two tasks with one key",
      "convoy.sling",
      (rig) => ({ rig, title: "c", parallel: true, tasks: [task("a"), task("a")] }),
      "invalid_body",
    ],
    [
      "several tasks that would all run at once, unsaid",
      "convoy.sling",
      (rig) => ({ rig, title: "c", tasks: [task("a"), task("b")] }),
      "parallel_required",
    ],
    [
      "a password in a remote",
      "rig.add",
      () => ({ remote: "https://me:secret@host/r.git" }),
      "invalid_body",
    ],
    [
      "a remote that is neither path nor URL",
      "rig.add",
      () => ({ remote: "../here" }),
      "invalid_body",
    ],
    [
      "a bead that does not exist",
      "bead.close",
      () => ({ bead: "bd-zzzzzz", outcome: "cancelled" }),
      "not_found",
    ],
    [
      "a landing by word alone",
      "bead.close",
      () => ({ bead: "bd-zzzzzz", outcome: "landed" }),
      "invalid_body",
    ],
  ];
  for (const [what, name, body, code] of cases) {
    test(`[B3] [B8] ${what} is refused as ${code}`, async () => {
      await using town = await coreTown();
      const rig = await withRig(town);
      const before = await counts(town);
      const ack = await call(town, name, body(rig));
      expect(ack).toMatchObject({ ok: false, error: { code, retryable: false } });
      expect(await counts(town)).toEqual(before);
    });
  }
});

describe("commands", () => {
  test("[B3] fifty tasks are created together, with their order", async () => {
    await using town = await coreTown();
    const rig = await withRig(town);
    const tasks = Array.from({ length: 50 }, (_, n) => ({
      key: `t${n}`,
      title: `Task ${n}`,
      dependsOn: n === 0 ? [] : [`t${n - 1}`],
    }));
    const made50 = await made<CommandValue<"convoy.sling">>(
      call(town, "convoy.sling", { rig, title: "A long way", tasks }),
    );
    expect(made50.beads).toHaveLength(50);
    expect(made50.beads.at(-1)?.blockedBy).toEqual([made50.beads.at(-2)?.id as string]);
  });

  test("[B3] a command that fails does not fail its neighbours of the same tick", async () => {
    await using town = await coreTown();
    const rig = await withRig(town);
    const answers = await Promise.all([
      call(town, "bead.sling", { rig, title: "one" }),
      call(town, "bead.sling", { rig: "nowhere", title: "two" }),
      call(town, "bead.sling", { rig, title: "three", dependsOn: ["bd-zzzzzz"] }),
      call(town, "bead.sling", { rig, title: "four" }),
    ]);
    expect(answers.map((ack) => ack.ok)).toEqual([true, false, false, true]);
    expect(await counts(town)).toEqual({ open: 2 });
  });

  test("[A8] the same key answers as before; with another body it is refused", async () => {
    await using town = await coreTown();
    const rig = await withRig(town);
    const first = await made<Issue>(
      call(town, "bead.sling", { rig, title: "one" }, "key-00000001"),
    );
    const again = await made<Issue>(
      call(town, "bead.sling", { rig, title: "one" }, "key-00000001"),
    );
    expect(again.id).toBe(first.id);
    expect(await call(town, "bead.sling", { rig, title: "two" }, "key-00000001")).toMatchObject({
      ok: false,
      error: { code: "idempotency_conflict" },
    });
    expect(await counts(town)).toEqual({ open: 1 });
  });

  test("[A8] a key is its caller's own: another one's does not answer for it", async () => {
    await using town = await coreTown();
    const rig = await withRig(town);
    const other = { principal: "owner", actor: "person:other" } as const;
    const mine = await made<Issue>(call(town, "bead.sling", { rig, title: "one" }, "key-00000001"));
    const theirs = await made<Issue>(
      town.core.call("bead.sling", { rig, title: "one" }, other, "key-00000001"),
    );
    expect(theirs.id).not.toBe(mine.id);
  });

  test("[B4] a circle of dependencies is refused on every edit", async () => {
    await using town = await coreTown();
    const rig = await withRig(town);
    const a = await made<Issue>(call(town, "bead.sling", { rig, title: "a" }));
    const b = await made<Issue>(call(town, "bead.sling", { rig, title: "b", dependsOn: [a.id] }));
    expect(await call(town, "bead.depend", { bead: a.id, on: b.id })).toMatchObject({
      ok: false,
      error: { code: "cyclic_dependency" },
    });
    const freed = await made<Issue>(call(town, "bead.undepend", { bead: b.id, on: a.id }));
    expect(freed.blockedBy).toEqual([]);
    const turned = await made<Issue>(call(town, "bead.depend", { bead: a.id, on: b.id }));
    expect(turned.blockedBy).toEqual([b.id]);
  });

  test("[B4] a bead cannot wait for one of another rig", async () => {
    await using town = await coreTown();
    const rig = await withRig(town);
    const other = await made<{ id: string }>(
      call(town, "rig.add", { remote: "/tmp/elsewhere.git" }),
    );
    const far = await made<Issue>(call(town, "bead.sling", { rig: other.id, title: "far" }));
    expect(
      await call(town, "bead.sling", { rig, title: "near", dependsOn: [far.id] }),
    ).toMatchObject({
      ok: false,
      error: { code: "foreign_rig" },
    });
  });

  test("[B8] an edit names the version it saw; closing and reopening keep the history", async () => {
    await using town = await coreTown();
    const rig = await withRig(town);
    const bead = await made<Issue>(call(town, "bead.sling", { rig, title: "one" }));
    expect(
      await call(town, "bead.close", {
        bead: bead.id,
        version: bead.version + 1,
        outcome: "cancelled",
      }),
    ).toMatchObject({ ok: false, error: { code: "stale_version" } });
    const closed = await made<Issue>(
      call(town, "bead.close", { bead: bead.id, version: bead.version, outcome: "cancelled" }),
    );
    expect(closed).toMatchObject({ status: "closed", outcome: "cancelled", landedOid: null });
    expect(await call(town, "bead.close", { bead: bead.id, outcome: "answered" })).toMatchObject({
      ok: false,
      error: { code: "illegal_transition" },
    });
    const again = await made<Issue>(call(town, "bead.reopen", { bead: bead.id }));
    expect(again).toMatchObject({ status: "open", cycle: 2, outcome: null });
  });

  test("[A8] short forms name an object when they are unique", async () => {
    await using town = await coreTown();
    const rig = await withRig(town);
    const bead = await made<Issue>(call(town, "bead.sling", { rig, title: "one" }));
    const got = await made<CommandValue<"bead.get">>(
      call(town, "bead.get", { bead: `bd-${bead.id.slice(-6)}` }),
    );
    expect((got.bead as Issue).id).toBe(bead.id);
  });

  test("[F1] a runner may issue none of a person's commands", async () => {
    await using town = await coreTown();
    const asked = { principal: "runner", actor: "runner:tk" } as const;
    for (const name of ["bead.sling", "town.status", "token.create", "model.set"]) {
      expect(await town.core.call(name, {}, asked)).toMatchObject({
        ok: false,
        error: { code: "forbidden" },
      });
    }
  });

  test("[C2] a model's key is stored sealed, shown as its tail, and cleared when the address changes", async () => {
    await using town = await coreTown();
    const key = "sk-canary-5f1f7d1e9a";
    const model = { provider: "openai-compatible", baseUrl: "http://127.0.0.1:9/v1", model: "m" };
    const set = await made<CommandValue<"model.set">>(call(town, "model.set", { ...model, key }));
    expect(set.key).toEqual({ set: true, tail: "1e9a", readable: true });
    for (const file of ["town.db", "town.db-wal"]) {
      expect(readFileSync(join(town.dataDir, file)).includes(key)).toBe(false);
    }
    const moved = await made<CommandValue<"model.set">>(
      call(town, "model.set", { ...model, baseUrl: "http://127.0.0.1:10/v1" }),
    );
    expect(moved.key.set).toBe(false);
  });

  test("[B8] without a runner an open bead says what it waits for", async () => {
    await using town = await coreTown({ runnerLostMs: 0 });
    const rig = await withRig(town);
    const bead = await made<Issue>(call(town, "bead.sling", { rig, title: "one" }));
    const state = town.core.topic(`bead:${bead.id}`);
    const image = state.ok ? state.value.items.find((item) => item.id === bead.id) : undefined;
    expect((image?.value as Issue | undefined)?.wait?.text).toContain("baseline");
  });
});
