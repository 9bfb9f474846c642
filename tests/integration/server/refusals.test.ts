// Bad input, over the registry of commands: whatever a command is given that it must not take is refused with a code and a
// sentence, and not a row of any table is another than before. A command without rows does not compile.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import {
  commandNames,
  commands,
  errorCodeSchema,
  type CommandName,
  type ErrorBody,
  type ErrorCode,
} from "../../../protocol/index.ts";
import { applyCommand, type StateCommand } from "../../../server/commands/registry.ts";
import { tableAfter } from "../../support/markdown-table.ts";
import { bodies } from "./refusals/bodies.ts";
import { commandRows, rows, type Row } from "./refusals/rows.ts";
import { faultsOf, refsOf } from "./refusals/shapes.ts";
import { openStage } from "./stage.ts";
import { openPlain, openWorld, USED_KEY, type World } from "./refusals/world.ts";

const OWNER = { principal: "owner", actor: "person:owner" } as const;
const RUNNER = { principal: "runner", actor: "runner:x" } as const;
const spec = await Bun.file(join(import.meta.dir, "../../../docs/spec.md")).text();

let world: World;
let plain: World;
beforeAll(async () => {
  world = await openWorld();
  plain = await openPlain();
}, 30_000);
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await plain[Symbol.asyncDispose]();
});

const stateCommands = Object.keys(applyCommand) as StateCommand[];
/** Every state command must have its rows: a missing name is an error of types here. */
const own: Record<StateCommand, readonly Row[]> = commandRows;

/** What would be taken, as JSON: what a caller can send. */
function bodyOf(name: CommandName): Record<string, unknown> {
  return JSON.parse(JSON.stringify(bodies[name](world.names))) as Record<string, unknown>;
}

/** The refusal, after which no table is another than before. */
async function refusal(
  name: string,
  body: unknown,
  {
    key,
    caller = OWNER,
    at = world,
  }: { key?: string; caller?: typeof OWNER | typeof RUNNER; at?: World } = {},
): Promise<ErrorBody> {
  const ack = await at.stage.core.call(name, body, caller, key);
  if (ack.ok) throw new Error(`${name} took ${JSON.stringify(body).slice(0, 300)}`);
  const changed = at.watched.changed();
  if (changed) expect(changed.after).toEqual(changed.before);
  expect(at.stage.errors).toEqual([]);
  expectSentence(ack.error);
  return ack.error;
}

/** Said to a person: what is wrong and how to go on, in two parts at least; no object, no stack. */
function expectSentence({ code, message }: ErrorBody): void {
  expect(errorCodeSchema.options).toContain(code);
  expect(message).toMatch(/^\S.{10,}[^:,;]$/s);
  expect(message).toMatch(/[:.;,] \S/);
  expect(message).not.toMatch(/undefined|\[object|null|NaN|\n|Error\b/);
  expect(message.length).toBeLessThan(500);
}

test.each(commandNames)("[A8] %s takes the body that its refusals differ from", (name) => {
  expect(commands[name].body.safeParse(bodyOf(name)).error).toBeUndefined();
});

test.each(commandNames)(
  "[A8] %s refuses bodies of another shape: unknown, missing, too long, too many",
  async (name) => {
    const body = bodyOf(name);
    const changes = faultsOf(commands[name].body, body);
    for (const { what, body: changed } of [
      { what: "an unknown field", body: { ...body, sudo: true } },
      { what: "a list", body: [body] },
      { what: "a word", body: "body" },
      ...changes,
    ])
      expect([what, (await refusal(name, changed)).code]).toEqual([what, "invalid_body"]);
  },
);

test.each(commandNames)(
  "[A8] %s refuses references to nothing, to another type, to what is gone",
  async (name) => {
    const { names } = world;
    const foreign = {
      unknown: "bd-zzzzzz",
      odd: "%",
      gone: names.gone,
      "a removed rig": names.removedRig,
    };
    const other = name === "bead.get" ? names.run : names.mail;
    for (const [what, ref] of Object.entries({ ...foreign, "another type": other })) {
      for (const { what: where, body } of refsOf(commands[name].body, bodyOf(name), ref)) {
        const { code } = await refusal(name, body);
        expect([where, what, code]).toEqual([where, what, "not_found"]);
      }
    }
  },
);

const versioned = commandNames.filter((name) => "version" in propertiesOf(name));
test.each(versioned)("[B2] %s refuses to change what was changed since", async (name) => {
  const body = { ...bodyOf(name), version: 9_999 };
  expect((await refusal(name, body)).code).toBe("stale_version");
});

test.each(stateCommands)(
  "[A8] %s is not applied under the key of another command",
  async (name) => {
    const { code } = await refusal(name, bodyOf(name), { key: USED_KEY });
    expect(code).toBe("idempotency_conflict");
  },
);

test.each(commandNames)("[F1] %s is nothing that a runner may ask", async (name) => {
  expect((await refusal(name, bodyOf(name), { caller: RUNNER })).code).toBe("forbidden");
});

const cases = commandNames.flatMap((name) =>
  (rows[name] ?? []).map((each) => [name, each.code, each.what, each] as const),
);
test.each(cases)("[A8] %s: %s: %s", async (name, code, _, { body, plain: isPlain }) => {
  const at = isPlain === true ? plain : world;
  const given = JSON.parse(JSON.stringify({ ...bodyOf(name), ...body(world.names) })) as unknown;
  expect((await refusal(name, given, { at })).code).toBe(code);
});

test("[A8] what a command refuses is what the specification says, and the other way round", () => {
  const told = tableAfter(spec, "| command | refused with |").flatMap((row) => {
    const [refused = ""] = (row["refused with"] ?? "").split(". ");
    const codes = errorCodeSchema.options.filter((code) => refused.includes(`\`${code}\``));
    return [...(row["command"] ?? "").matchAll(/`([\w.]+)`/g)].map(
      ([, name = ""]) => [name, codes] as const,
    );
  });
  expect(told.map(([name]) => name).toSorted()).toEqual(stateCommands.toSorted());
  for (const [name, codes] of told) {
    const command = stateCommands.find((each) => each === name);
    if (!command) throw new Error(`no command ${name}`);
    const ofAll = sweptCodes(command);
    const shown = new Set([...ofAll, ...own[command].map((each) => each.code)]);
    expect([name, codes.filter((code) => !shown.has(code) && code !== "ambiguous")]).toEqual([
      name,
      [],
    ]);
    const untold = own[command]
      .map(({ code }) => code)
      .filter((code) => !codes.includes(code) && !ofAll.has(code));
    expect([name, untold]).toEqual([name, []]);
  }
});

test("[A8] a short id that names two is refused as such, whatever it names", async () => {
  await using stage = await openStage(
    {},
    { unit: () => 0.5, bytes: (count) => new Uint8Array(count).fill(7) },
  );
  const rigs = ["/nowhere/a", "/nowhere/b"].map((remote) => stage.do("rig.add", { remote }));
  const [rig] = await Promise.all(rigs);
  if (!rig) throw new Error("two rigs were added");
  for (const title of ["A", "B"]) await stage.do("bead.sling", { rig: rig.id, title, held: true });
  const tail = rig.id.slice(-6);
  for (const [name, body] of [
    ["rig.pause", { rig: `rg-${tail}` }],
    ["bead.release", { bead: `bd-${tail}` }],
  ] as const) {
    const ack = await stage.core.call(name, body, OWNER);
    if (ack.ok) throw new Error(`${name} took it`);
    expect(ack.error).toMatchObject({ code: "ambiguous", retryable: false });
    expectSentence(ack.error);
  }
});

test("[A8] what is compared here does change when a command is taken", async () => {
  await using own = await openPlain();
  expect(own.watched.changed()).toBeNull();
  await own.stage.do("rig.add", { remote: "/nowhere/new" });
  const changed = own.watched.changed();
  expect(changed?.after["rigs"]).toHaveLength(1);
});

/** What the sweeps above have shown of a command. */
function sweptCodes(name: CommandName): Set<ErrorCode> {
  const codes = new Set<ErrorCode>(["invalid_body"]);
  if (versioned.includes(name)) codes.add("stale_version");
  if (refsOf(commands[name].body, bodyOf(name), "x").length > 0) codes.add("not_found");
  return codes;
}

function propertiesOf(name: CommandName): Record<string, unknown> {
  const { properties } = z.toJSONSchema(commands[name].body, {
    io: "input",
    unrepresentable: "any",
  });
  return properties ?? {};
}
