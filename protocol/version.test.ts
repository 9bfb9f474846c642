import { expect, test } from "bun:test";
import { z } from "zod";
import * as wire from "./index.ts";
import { commands, PROTOCOL_VERSION, PROTOCOL_VERSION_LOWEST } from "./index.ts";

/**
 * Hash of everything that travels, by version. When this test fails, the wire has changed: raise
 * PROTOCOL_VERSION with a line of its history, and put the new hash here.
 */
const HASHES: Readonly<Record<number, string>> = {
  1: "6ba0046b4e2f888c",
  2: "871608a3098e215b",
  3: "02e6862955ceb3d8",
  4: "de2edf950391fb0c",
};

/** JSON schemas of every exported schema and of every command's body and value, by name. */
function describeWire(): Record<string, unknown> {
  const schemas = Object.entries<unknown>(wire).flatMap(([name, value]): [string, z.ZodType][] =>
    value instanceof z.ZodType ? [[name, value]] : [],
  );
  const shape = (schema: z.ZodType) => ({
    sent: z.toJSONSchema(schema, { unrepresentable: "any", io: "input" }),
    read: z.toJSONSchema(schema, { unrepresentable: "any", io: "output" }),
  });
  return {
    schemas: Object.fromEntries(schemas.map(([name, schema]) => [name, shape(schema)])),
    commands: Object.fromEntries(
      Object.entries(commands).map(([name, { mode, roles, body, value }]) => [
        name,
        { mode, roles, body: shape(body), value: shape(value) },
      ]),
    ),
  };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}

test("[A8] the wire changes only together with its version", () => {
  const text = JSON.stringify(sorted(describeWire()));
  const hash = new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 16);
  expect({ version: PROTOCOL_VERSION, hash }).toEqual({
    version: PROTOCOL_VERSION,
    hash: HASHES[PROTOCOL_VERSION] ?? "none yet",
  });
});

test("[A8] every frame, command and image is described", () => {
  const { schemas, commands: described } = describeWire();
  expect(Object.keys(described as object)).toHaveLength(Object.keys(commands).length);
  for (const name of ["helloSchema", "factBatchSchema", "offerSchema", "topicFrameSchema"])
    expect(Object.keys(schemas as object)).toContain(name);
  expect(PROTOCOL_VERSION_LOWEST).toBeLessThanOrEqual(PROTOCOL_VERSION);
});

test("[A8] ids of every kind sort by time, fit their schemas and shorten to what people read", () => {
  const bytes = (time: number) => {
    const made = new Uint8Array(16).fill(7);
    made[5] = time;
    return made;
  };
  const early = wire.encodeId("issue", bytes(1));
  const late = wire.encodeId("issue", bytes(2));
  expect(early < late).toBe(true);
  expect(wire.beadIdSchema.safeParse(early).success).toBe(true);
  expect(wire.runIdSchema.safeParse(wire.encodeId("run", bytes(1))).success).toBe(true);
  expect(wire.runIdSchema.safeParse(early).success).toBe(false);
  expect(wire.shortId(early)).toBe(`bd-${early.slice(-6)}`);
  expect(() => wire.encodeId("run", new Uint8Array(15))).toThrow("16 bytes");
});
