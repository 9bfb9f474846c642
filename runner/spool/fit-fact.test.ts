import { describe, expect, test } from "bun:test";
import { factBodySchema, type FactBody } from "../../protocol/facts.ts";
import { FACT_BYTES_MAX, fitFact } from "./fit-fact.ts";

const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe("fit-fact", () => {
  test("[C8] a fact that fits is left as it is", () => {
    const fact: FactBody = { kind: "phase", phase: "gates" };
    expect(fitFact(fact)).toBe(fact);
  });

  test("[C8] control characters that swell in JSON are cut to a frame, and still fit the wire", () => {
    const result = "\0".repeat(15_500);
    const tool = (partId: string) => ({
      seq: 1,
      at: 0,
      turnId: null,
      body: {
        kind: "tool" as const,
        partId,
        tool: "bash",
        state: "completed" as const,
        arguments: "cat picture.png",
        result,
        durationMs: 1,
      },
    });
    const fact: FactBody = { kind: "events", events: [tool("a"), tool("b"), tool("c")] };
    expect(bytes(fact)).toBeGreaterThan(256 * 1024);
    const fitted = fitFact(fact);
    expect(bytes(fitted)).toBeLessThanOrEqual(FACT_BYTES_MAX);
    expect(factBodySchema.parse(fitted)).toEqual(fitted);
    expect(fact.events[0]?.body).toMatchObject({ result });
  });

  test("[D3] ten thousand conflicting files are named in part", () => {
    const conflicts = Array.from({ length: 10_000 }, (_, n) => `src/generated/file-${n}.ts`);
    const fact: FactBody = {
      kind: "checked",
      headOid: "a".repeat(40),
      green: false,
      gates: [],
      conflicts,
      reason: null,
    };
    const fitted = fitFact(fact);
    expect(bytes(fitted)).toBeLessThanOrEqual(FACT_BYTES_MAX);
    expect(fitted.kind === "checked" && fitted.conflicts[0]).toBe(conflicts[0] as string);
  });
});
