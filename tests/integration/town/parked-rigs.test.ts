import { expect, test } from "bun:test";
import { join } from "node:path";
import { landings } from "../../support/git-landing.ts";
import { personGit, write } from "../../support/git-rig.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { openWholeTown, untilJudged, untilLanded, untilTopic } from "../../support/whole-town.ts";
import { branchesOf, makeRepository } from "./repositories.ts";

const LIMIT_MS = 600_000;
const needsAgent = isLeftOut("agent") || isLeftOut("sandbox");
const gates = [{ name: "check", command: "sh check.sh" }];

test.skipIf(needsAgent)(
  "[D3] a red baseline, an empty, a missing, an unreachable and a private repository park their rig with what to do, before any model call",
  async () => {
    // An address that cannot be reached is tried for hours; here for seconds.
    await using town = await openWholeTown({
      agents: "scripted",
      policy: { infraPatienceMs: 3_000 },
    });
    const askedFor: string[] = [];
    using host = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        askedFor.push(request.headers.get("authorization") ?? "nothing");
        const headers = { "www-authenticate": 'Basic realm="git"' };
        return new Response("who are you?", { status: 401, headers });
      },
    });
    const empty = join(town.dir, "empty.git");
    await personGit(town.dir, "init", "--quiet", "--bare", empty);
    const red = await makeRepository(join(town.dir, "red"), "clean", { code: 1 });
    const cases: [name: string, remote: string, target: string | undefined, says: RegExp][] = [
      ["red", red, undefined, /gate check is red on the target before any work/],
      ["empty", empty, undefined, /no commit.*first commit/],
      ["missing", join(town.dir, "none"), undefined, /no folder/],
      ["nobranch", red, "nope", /no branch nope/],
      ["unreachable", "http://127.0.0.1:9/x.git", undefined, /cannot be reached/],
      ["private", new URL("/x.git", host.url).href, undefined, /private|credential|log ?in|right/i],
    ];
    for (const [name, remote, target] of cases)
      await town.client.call("rig.add", { name, remote, gates, ...(target && { target }) });
    for (const [name, , , says] of cases) {
      const rig = await untilJudged(town, name);
      expect([name, rig.state]).toEqual([name, "parked"]);
      expect(rig.parked?.message).toMatch(says);
    }
    const beads = await Promise.all(
      cases.map(([rig]) => town.client.call("bead.sling", { rig, title: `Wait in ${rig}` })),
    );
    for (const [index, bead] of beads.entries()) {
      const wait = await untilTopic(
        town,
        `bead:${bead.id}`,
        (state) => state.all("issue")[0]?.wait,
      );
      expect(wait.text).toContain(`rig ${cases[index]?.[0] ?? ""} is parked`);
    }
    expect(askedFor.every((credential) => credential === "nothing")).toBe(true);
    expect(town.calls).toEqual([]);

    // Mended by its person, the rig takes up what waits.
    await write(red, "check.sh", "exit 0\n");
    await personGit(red, "commit", "--quiet", "-am", "Mend the check");
    await town.client.call("rig.recheck", { rig: "red" });
    expect(await untilLanded(town, beads[0]?.id ?? "")).toMatchObject({ outcome: "landed" });
    expect(new Set(town.calls.map(({ beadTitle }) => beadTitle))).toEqual(new Set(["Wait in red"]));
  },
  LIMIT_MS,
);

test.skipIf(needsAgent)(
  "[D2] a branch that somebody moved between the work and its landing gets both: theirs stays, the bead lands on top",
  async () => {
    await using town = await openWholeTown({
      agents: "scripted",
      entries: [
        {
          role: "refinery",
          turns: [
            { text: "# Reading\n", tools: [{ name: "gt_prime" }] },
            // Long enough for the other person's push, which is awaited below.
            {
              text: "# Approving\n",
              pauseMs: 4_000,
              tools: [{ name: "gt_verdict", arguments: { verdict: "approve", summary: "Fine." } }],
            },
          ],
        },
      ],
    });
    const remote = await makeRepository(join(town.dir, "moved"), "bare");
    await town.client.call("rig.add", { name: "moved", remote, gates, delivery: "merge" });
    const bead = await town.client.call("bead.sling", { rig: "moved", title: "Note what moved" });
    await untilTopic(town, `bead:${bead.id}`, (state) =>
      state.all("run").find((run) => run.kind === "review" && run.state === "running"),
    );
    const clone = join(town.dir, "clone");
    await personGit(town.dir, "clone", "--quiet", remote, clone);
    await write(clone, "theirs.txt", "of another person\n");
    await personGit(clone, "add", "-A");
    await personGit(clone, "commit", "--quiet", "-m", "Add theirs");
    await personGit(clone, "push", "--quiet", "origin", "main");
    const theirs = await personGit(clone, "rev-parse", "HEAD");
    const landed = await untilLanded(town, bead.id);
    expect(landed.baseOid).not.toBe(theirs);
    expect(await branchesOf(remote)).toEqual({ "refs/heads/main": landed.landedOid ?? "" });
    expect(await personGit(remote, "rev-parse", "main^1")).toBe(theirs);
    expect(await landings(remote, "main")).toEqual([bead.id]);
    expect(await personGit(remote, "show", "main:theirs.txt")).toBe("of another person");
  },
  LIMIT_MS,
);
