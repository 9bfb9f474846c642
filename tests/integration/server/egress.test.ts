// What a rig lets its agents and gates reach: a setting that goes out with every offer.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import type { Offer } from "../../../protocol/index.ts";
import { openStage, PlayedRunner } from "./stage.ts";

const egressOf = ({ spec }: Offer) => ("rig" in spec ? spec.rig.egress : null);

test("[C23] a rig lets nothing out until it says so; a change is in the audit, and its baseline is run again", async () => {
  await using stage = await openStage();
  const runner = new PlayedRunner(stage);
  await runner.hello();
  const rig = await stage.readyRig(runner);
  expect(egressOf(await stage.offered("baseline", 0))).toBe("none");

  const before = stage.port.offers.length;
  const egress = ["Registry.NPMJS.org:443", "10.0.0.5:5432"];
  const changed = await stage.do("rig.update", { rig, set: { egress } });
  expect(changed).toMatchObject({
    state: "checking",
    egress: ["registry.npmjs.org:443", "10.0.0.5:5432"],
  });
  expect(egressOf(await stage.offered("baseline", before))).toEqual(changed.egress);

  const db = new Database(stage.databaseFile, { readonly: true });
  const rows = db.query("select actor, ok from audit where command = 'rig.update'").all();
  expect(rows).toEqual([{ actor: "person:owner", ok: 1 }]);
  db.close();
});

test("[C23] an egress that is no list of hosts and ports is refused", async () => {
  await using stage = await openStage();
  const runner = new PlayedRunner(stage);
  await runner.hello();
  const rig = await stage.readyRig(runner);
  for (const egress of [
    "all",
    [],
    ["example.org"],
    ["https://a.test:443"],
    ["*:443"],
    ["a.test:0"],
  ])
    expect(await stage.codeOf("rig.update", { rig, set: { egress } })).toBe("invalid_body");
});
