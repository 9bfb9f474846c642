import { describe, expect, test } from "bun:test";
import type { ModelSettings } from "../../protocol/index.ts";
import { clearsKey, draftOf, inputOf } from "./model-draft.ts";

const stored: ModelSettings = {
  provider: "openai-compatible",
  baseUrl: "https://models.example.org/v1",
  key: { set: true, tail: "f3a1", readable: true },
  model: "big",
  smallModel: "big",
  fallbackModel: null,
  prices: {},
  roles: { mayor: null, polecat: "cheap", refinery: null, triage: null },
};

describe("[A2] model settings", () => {
  test("an untouched form sends no key and keeps what was stored", () => {
    expect(inputOf(draftOf(stored))).toEqual({
      provider: "openai-compatible",
      baseUrl: "https://models.example.org/v1",
      model: "big",
      roles: { mayor: null, polecat: "cheap", refinery: null, triage: null },
    });
  });

  test("another address says that the stored key is not sent there", () => {
    const draft = draftOf(stored);
    expect(clearsKey(draft, stored)).toBe(false);
    expect(clearsKey({ ...draft, baseUrl: "https://other.example.org" }, stored)).toBe(true);
    expect(clearsKey({ ...draft, baseUrl: "https://other.example.org", key: "new" }, stored)).toBe(
      false,
    );
  });

  test("a scripted town's form begins empty", () => {
    expect(draftOf({ ...stored, provider: "scripted" }).model).toBe("");
  });
});
