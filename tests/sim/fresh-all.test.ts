import { expect, test } from "bun:test";
import { playFresh } from "./fresh.ts";

test("[R1] fresh seeds under every fault keep every invariant and come to rest", () => {
  expect(playFresh(1, ["infra", "agent", "people", "data"])).toBeGreaterThanOrEqual(10);
}, 300_000);
