import { expect, test } from "bun:test";
import { playFresh } from "./fresh.ts";

test("[R1] fresh seeds under infrastructure faults alone keep every invariant and come to rest", () => {
  expect(playFresh(0, ["infra"])).toBeGreaterThanOrEqual(10);
}, 300_000);
