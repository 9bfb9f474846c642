import { expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { openGitHost } from "../../support/git-host.ts";
import { landings } from "../../support/git-landing.ts";
import { personGit } from "../../support/git-rig.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { openWholeTown, untilJudged, untilLanded } from "../../support/whole-town.ts";
import { runCli } from "../cli/run-cli.ts";
import { branchesOf, makeRepository } from "./repositories.ts";

const LIMIT_MS = 600_000;
const needsAgent = isLeftOut("agent") || isLeftOut("sandbox");
const SECRET = "ghp_of-the-lighthouse-repository-5k3Z";
const NEXT = "ghp_of-the-lighthouse-repository-9w1Q";
const gates = [{ name: "check", command: "sh check.sh" }];

/** What a polecat finds of it where it can look; in words that its program lets through. */
const SEARCH = [
  "every() { eval \"$(printf 'cat /%s/*/%s' proc $1)\"; }",
  "{ env; every environ; every cmdline; git config --list; cat .git/config; } > seen.txt",
  'echo "looked" >> seen.txt',
].join("\n");

test.skipIf(needsAgent)(
  "[C2] [R9] a private repository parks its rig until it has a credential that works, is then worked on and landed in, and no agent, file or log holds it",
  async () => {
    await using town = await openWholeTown({
      entries: [
        {
          role: "polecat",
          turns: [
            { tools: [{ name: "bash", arguments: { command: SEARCH, description: "Looks" } }] },
            { tools: [{ name: "gt_done", arguments: { summary: "Looked." } }] },
            { text: "Done." },
          ],
        },
      ],
    });
    const path = await makeRepository(join(town.dir, "host", "lighthouse.git"), "bare");
    await using host = openGitHost(join(town.dir, "host"), {
      town: { password: SECRET, writes: true },
    });
    const remote = `${host.url}/lighthouse.git`;
    const cli = (token: string, ...args: string[]) =>
      runCli(["rig", "credential", "lighthouse", ...args, "--data", town.dataDir], {
        input: token,
      });

    // Without one, and with a wrong one that was not tried, it says what to do and calls no model.
    await town.client.call("rig.add", {
      ...{ name: "lighthouse", remote, gates, delivery: "merge", codeReview: false },
    });
    const without = await untilJudged(town, "lighthouse");
    expect(without).toMatchObject({ state: "parked", parked: { code: "repository_auth" } });
    expect(without.parked?.message).toContain("gastown rig credential");
    const tried = await cli("wrong\n", "--user", "town");
    expect([tried.code, tried.err]).toEqual([1, expect.stringContaining("refuses the cred")]);
    expect((await cli("wrong\n", "--user", "town", "--untried")).code).toBe(0);
    const wrong = await untilJudged(town, "lighthouse");
    expect(wrong).toMatchObject({ state: "parked", parked: { code: "repository_auth" } });
    expect(town.calls).toEqual([]);

    expect((await cli(`${SECRET}\n`, "--user", "town")).out).toContain("may read and write");
    expect(await untilJudged(town, "lighthouse")).toMatchObject({ state: "ready" });
    const bead = await town.client.call("bead.sling", { rig: "lighthouse", title: "Look around" });
    expect(await untilLanded(town, bead.id)).toMatchObject({ outcome: "landed" });
    expect(await landings(path, "main")).toEqual([bead.id]);
    const pushes = host.asked.filter(({ service }) => service === "write");
    expect(pushes.some(({ as }) => as === `town:${SECRET}`)).toBe(true);
    expect(await personGit(path, "show", "main:seen.txt")).toContain("looked");

    // A changed one is what the next bead's git goes with.
    host.members.set("town", { password: NEXT, writes: true });
    expect((await cli(`${NEXT}\n`, "--user", "town")).code).toBe(0);
    await untilJudged(town, "lighthouse");
    const next = await town.client.call("bead.sling", { rig: "lighthouse", title: "Look again" });
    expect(await untilLanded(town, next.id)).toMatchObject({ outcome: "landed" });
    expect(Object.keys(await branchesOf(path))).toEqual(["refs/heads/main"]);

    const seen = await personGit(path, "show", "main:seen.txt");
    for (const secret of [SECRET, NEXT]) {
      expect(seen).not.toContain(secret);
      for (const entry of await readdir(town.dataDir, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const file = join(entry.parentPath, entry.name);
        // One that was removed meanwhile.
        const text = await readFile(file, "latin1").catch(() => "");
        expect([file, text.includes(secret)]).toEqual([file, false]);
      }
    }
  },
  LIMIT_MS,
);
