// A short torture: real processes are killed and stopped and networks cut while beads are done.
import { expect, test } from "bun:test";
import { torture } from "../../scripts/torture/play.ts";
import { isLeftOut } from "../support/left-out.ts";
import { repositoryRoot } from "../support/town-process.ts";

const SEED = Number(process.env["GASTOWN_TEST_SEED"] ?? "0");
const LIMIT_MS = 280_000;

test.skipIf(isLeftOut("agent") || isLeftOut("sandbox"))(
  "[R3 R7] under kills, stops and cut networks every bead lands once, and nothing is lost or left",
  async () => {
    const wish = { beads: 10, seed: SEED, runners: 2, faultsMs: 40_000, quietMsMax: 180_000 };
    const card = await torture(repositoryRoot, wish, (line) => console.log(line));
    expect(card).toMatchObject({ faults: [], landed: 10 });
  },
  LIMIT_MS,
);
