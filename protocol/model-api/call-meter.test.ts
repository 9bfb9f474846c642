import { expect, test } from "bun:test";
import { CallMeter } from "./call-meter.ts";
import { chatDialect } from "./chat.ts";

function asked(content: string): number {
  return new CallMeter(chatDialect.openReader(), { content }).spent().inputTokens;
}

test("[C16] a question that was cut off counts by its words, and not by the pictures in it", () => {
  const empty = asked("");
  expect(asked("w".repeat(999)) - empty).toBeWithin(249, 251);
  expect(asked(`${"Az09+/=".repeat(1_000)}`) - empty).toBeWithin(-1, 1);
  expect(asked(`${"a".repeat(5_000)} ${"b".repeat(400)}`) - empty).toBeWithin(100, 102);
  expect(asked("-".repeat(4_000)) - empty).toBeWithin(999, 1_001);
});

test("[C16] [R9] a question that was made to take long to reckon holds nobody up", () => {
  const words = `${"a".repeat(999)} `.repeat(16_000);
  const began = performance.now();
  expect(asked(words)).toBeGreaterThan(3_900_000);
  expect(performance.now() - began).toBeLessThan(1_500);
});

test("[C16] [R9] an answer that was cut off counts by its text, however few events it came in", () => {
  const text = "word ".repeat(2_000);
  const long = [
    JSON.stringify({ choices: [{ delta: { role: "assistant", content: text } }] }),
    JSON.stringify({ type: "content_block_delta", delta: { type: "text_delta", text } }),
    JSON.stringify({ type: "response.output_text.delta", delta: text }),
  ];
  const answered = (...events: string[]) => {
    const meter = new CallMeter(chatDialect.openReader(), {});
    for (const event of events) meter.piece(Buffer.from(`data: ${event}\n\n`));
    return meter.spent().outputTokens;
  };
  for (const event of long) expect(answered(event)).toBeWithin(2_490, 2_520);
  // What repeats the question is no answer.
  expect(answered(JSON.stringify({ type: "response.created", response: { input: text } }))).toBe(1);
  expect(answered('{"choices":[{"delta":{"content":"a"}}]}')).toBe(1);
});
