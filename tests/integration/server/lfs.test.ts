// What a rig's trees have of files that Git LFS keeps: a setting that goes out with every offer.
import { expect, test } from "bun:test";
import type { Offer } from "../../../protocol/index.ts";
import { openStage, PlayedRunner } from "./stage.ts";

const lfsOf = ({ spec }: Offer) => ("rig" in spec ? spec.rig.lfs : null);

test("[C22] a rig's trees have pointers until it says so; a change runs its baseline again, and another word is refused", async () => {
  await using stage = await openStage();
  const runner = new PlayedRunner(stage);
  await runner.hello({ lfs: true });
  const rig = await stage.readyRig(runner);
  expect(lfsOf(await stage.offered("baseline", 0))).toBe("pointers");
  const before = stage.port.offers.length;
  const changed = await stage.do("rig.update", { rig, set: { lfs: "fetched" } });
  expect(changed).toMatchObject({ state: "checking", lfs: "fetched" });
  expect(lfsOf(await stage.offered("baseline", before))).toBe("fetched");
  const refused = { rig, set: { lfs: "smudged" } };
  expect(await stage.codeOf("rig.update", refused as never)).toBe("invalid_body");
});

test("[C22] [C7] a rig that wants contents is worked on by runners that have git-lfs; without one its beads wait, with what would help", async () => {
  await using stage = await openStage();
  const runner = new PlayedRunner(stage);
  const again = (lfs: boolean) => runner.hello({ lfs, spoolSeq: runner.seq, lastOfferSeq: 99 });
  await runner.hello({ lfs: false });
  const rig = await stage.readyRig(runner);
  await stage.do("rig.update", { rig, set: { lfs: "fetched" } });
  const { id } = await stage.do("bead.sling", { rig, title: "Paint" });
  const said = await stage.until(async () => (await stage.issue(id)).wait?.text);
  expect(said).toContain("no connected runner has git-lfs, as rig");
  const { can } = await stage.do("bead.explain", { bead: id });
  expect(can.map(({ command, body }) => [command, body])).toContainEqual([
    "rig.update",
    { rig, set: { lfs: "pointers" } },
  ]);
  expect(can.map(({ command }) => command)).not.toContain("program.set");
  const before = stage.port.offers.length;
  await again(true);
  expect(lfsOf(await stage.offered("baseline", before))).toBe("fetched");
});
