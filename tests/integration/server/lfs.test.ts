// What a rig's trees have of files that Git LFS keeps: a setting that goes out with every offer.
import { expect, test } from "bun:test";
import type { Offer } from "../../../protocol/index.ts";
import { openStage, PlayedRunner } from "./stage.ts";

const lfsOf = ({ spec }: Offer) => ("rig" in spec ? spec.rig.lfs : null);

test("[C22] a rig's trees have pointers until it says so; a change runs its baseline again, and another word is refused", async () => {
  await using stage = await openStage();
  const runner = new PlayedRunner(stage);
  await runner.hello();
  const rig = await stage.readyRig(runner);
  expect(lfsOf(await stage.offered("baseline", 0))).toBe("pointers");
  const before = stage.port.offers.length;
  const changed = await stage.do("rig.update", { rig, set: { lfs: "fetched" } });
  expect(changed).toMatchObject({ state: "checking", lfs: "fetched" });
  expect(lfsOf(await stage.offered("baseline", before))).toBe("fetched");
  const refused = { rig, set: { lfs: "smudged" } };
  expect(await stage.codeOf("rig.update", refused as never)).toBe("invalid_body");
});
