import { expect, test } from "bun:test";
import { readRequest } from "./request-check.ts";

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

test("[C16] [R9] a request that is nested deeper than any conversation is not read, whatever stands in its words", () => {
  expect(readRequest(nested(256))).toBeArray();
  expect(readRequest(nested(257))).toBeUndefined();
  expect(readRequest(`{"a":${nested(200)},"b":${nested(200)}}`)).toBeObject();
  const words = { said: `"\\"${"[".repeat(1_000)}\\` };
  expect(readRequest(JSON.stringify(words))).toEqual(words);
  expect(readRequest(`{"a":"\\"","b":${nested(300)}}`)).toBeUndefined();
  expect(readRequest("{")).toBeUndefined();
});
