import { expect, test } from "bun:test";
import { join } from "node:path";
import { landings } from "../../support/git-landing.ts";
import { personGit } from "../../support/git-rig.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { openWholeTown, untilLanded, untilTopic } from "../../support/whole-town.ts";
import { branchesOf, makeRepository } from "./repositories.ts";

const LIMIT_MS = 600_000;
const needsAgent = isLeftOut("agent") || isLeftOut("sandbox");

test.skipIf(needsAgent)(
  "[B6] [SC-WHOLE-2] a convoy whose beads land on its branch reaches the target as one merge, and the branch goes",
  async () => {
    await using town = await openWholeTown({ agents: "scripted" });
    const repository = await makeRepository(join(town.dir, "whole"), "bare");
    const gates = [{ name: "check", command: "sh check.sh" }];
    const rig = await town.client.call("rig.add", {
      ...{ remote: repository, name: "whole", delivery: "merge", codeReview: false, gates },
    });
    const note = (key: string, ...dependsOn: string[]) => ({
      ...{ key, title: `Note ${key}`, dependsOn },
      body: `File: notes/${key}.md\nLine: a line for ${key}`,
    });
    const { convoy, beads } = await town.client.call("convoy.sling", {
      ...{ rig: rig.id, title: "Both notes", tasks: [note("a"), note("b", "a")] },
      mode: "review-then-land",
    });
    const first = await untilLanded(town, beads[0]?.id ?? "");
    expect(first.landedOn).toBe(`refs/heads/${convoy.branch}`);
    await untilTopic(town, `convoy:${convoy.id}`, (state) =>
      state.all("convoy").find((each) => each.id === convoy.id && each.state === "landed"),
    );
    const after = await town.client.call("convoy.get", { convoy: convoy.id });
    const landing = after.beads.find((bead) => bead.landing);
    expect([after.notLanded, landing?.outcome]).toEqual([[], "landed"]);
    expect(after.beads.map((bead) => bead.landedOn)).toEqual(Array(3).fill("refs/heads/main"));
    expect(await landings(repository, "main")).toEqual([landing?.id ?? ""]);
    for (const key of ["a", "b"])
      expect(await personGit(repository, "show", `main:notes/${key}.md`)).toBe(`a line for ${key}`);
    expect(Object.keys(await branchesOf(repository))).toEqual(["refs/heads/main"]);
  },
  LIMIT_MS,
);
