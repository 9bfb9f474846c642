import { expect, test } from "bun:test";
import { policyOverride } from "./policy-override.ts";

test("[A8] figures of the policy can be set by name; anything else is refused by name", () => {
  expect(policyOverride(undefined)).toEqual({});
  expect(policyOverride('{"warmMs":5000,"slots":1}')).toEqual({ warmMs: 5000, slots: 1 });
  expect(() => policyOverride('{"warm":5000}')).toThrow(/names warm/);
  expect(() => policyOverride('{"warmMs":"5 s"}')).toThrow(/whole number/);
  for (const text of ["{", "[]", "7", "null"])
    expect(() => policyOverride(text)).toThrow(/JSON object/);
});
