import { expect, test } from "bun:test";
import { play } from "../../tests/support/one-bead.ts";
import type { Answer } from "../agent/answer.ts";
import { OneTurn } from "./one-turn.ts";

const sling = { name: "gt_sling", arguments: { rig: "sample", title: "A line", body: "Write it" } };
const mayor: readonly Answer[] = [{ tool: sling }, { tool: sling }, { text: "It is slung." }];
const mindOf = () => {
  const left = [...mayor];
  return (): Answer => left.shift() ?? {};
};

async function playTurn(blows: Parameters<typeof play>[0]) {
  let errand: OneTurn | null = null;
  const played = await play(
    blows,
    { mindOf },
    undefined,
    (random) => (errand = new OneTurn(random)),
  );
  return { ...played, errand: errand as OneTurn | null };
}

test("[B1] a turn whose runner is killed at any boundary has each of its effects once", async () => {
  const clean = await playTurn([]);
  expect(clean.errand?.calls).toHaveLength(2);
  let repeated = 0;
  for (let at = 0; at < clean.moments.length; at++) {
    const { scene, errand } = await playTurn([{ at, how: "kill" }]);
    expect([...(errand?.effects.values() ?? [])].map(({ tool }) => tool)).toEqual(["gt_sling"]);
    expect(scene.town.faults).toEqual([]);
    expect(scene.town.of("turn_ended").map(({ reason }) => reason)).toEqual(["completed"]);
    expect([...scene.host.files.scratch.keys()]).toEqual([]);
    if ((errand?.calls.length ?? 0) > 2) repeated += 1;
  }
  expect(repeated).toBeGreaterThan(0);
}, 60_000);
