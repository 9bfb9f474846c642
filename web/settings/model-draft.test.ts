import { describe, expect, test } from "bun:test";
import type { ModelSettings } from "../../protocol/index.ts";
import { clearsKey, draftOf, inputOf, NO_PRICE, pricedModels } from "./model-draft.ts";

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
      fallbackModel: null,
      prices: {},
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

  test("[C17] prices and the fallback that are stored stay, and what is typed is sent as figures", () => {
    const prices = { big: { input: 3, output: 15, cacheRead: 0.3 } };
    const priced = draftOf({ ...stored, fallbackModel: "spare", prices });
    expect(inputOf(priced)).toMatchObject({ fallbackModel: "spare", prices });
    expect(pricedModels(priced)).toEqual(["big", "spare", "cheap"]);
    const typed = { ...NO_PRICE, input: " 0.5", output: "2" };
    const draft = { ...priced, prices: { ...priced.prices, cheap: typed, spare: NO_PRICE } };
    expect(inputOf(draft).prices).toEqual({ ...prices, cheap: { input: 0.5, output: 2 } });
    const left = { ...draft, model: "other" };
    expect(pricedModels(left)).toEqual(["other", "spare", "cheap", "big"]);
    expect(inputOf({ ...left, prices: { big: NO_PRICE } }).prices).toEqual({});
  });

  test("a scripted town's form begins empty", () => {
    expect(draftOf({ ...stored, provider: "scripted" }).model).toBe("");
  });
});
