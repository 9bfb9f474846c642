import { expect, test } from "bun:test";
import { faults } from "../../sim/faults/registry.ts";
import { playFresh } from "./fresh.ts";

const infra = faults.filter(({ group }) => group === "infra").map(({ name }) => name);

test("[R1] fresh seeds under infrastructure faults alone keep every invariant and come to rest", () => {
  const played = playFresh(0, (seed) => ({
    seed,
    size: { beads: 5, rigs: 2, runners: 1 + ((seed / 2) % 3) },
    faults: infra,
    activeMs: 180_000,
  }));
  expect(played).toBeGreaterThanOrEqual(10);
}, 300_000);
