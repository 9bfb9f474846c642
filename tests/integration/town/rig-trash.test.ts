// A rig is deleted under an agent at work: by the command line, in a real town with a real runner and a real repository.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "../../kill/eventually.ts";
import { addRig, noteTaker, untilNoted } from "../../kill/note-taker.ts";
import { personGit } from "../../support/git-rig.ts";
import { landedBeads } from "../../support/landed-sample.ts";
import { isLeftOut } from "../../support/left-out.ts";
import {
  openWholeTown,
  untilLanded,
  untilTopic,
  type WholeTown,
} from "../../support/whole-town.ts";
import { runCli } from "../cli/run-cli.ts";

const LIMIT_MS = 240_000;
/** Longer than the test: only a stop ends that agent. */
const PAUSE_MS = 600_000;

async function cli(town: WholeTown, ...words: string[]): Promise<string> {
  const { code, out, err } = await runCli([...words, "--data", town.dataDir]);
  expect([code, err]).toEqual([0, ""]);
  return out;
}
const untilGone = (town: WholeTown) =>
  untilTopic(town, "town", (state) => state.all("rig").length === 0 || null);
const savedRefs = (remote: string) =>
  personGit(remote, "for-each-ref", "--format=%(refname)", "refs/gastown/wip");
/** Tables of the town and of what its agents said, but for those that tell what happened. */
function tablesNaming({ dataDir }: WholeTown, ...names: readonly string[]): string[] {
  return ["town.db", "events.db"].flatMap((file) => {
    const db = new Database(join(dataDir, file), { readonly: true });
    const tables = db
      .query<{ name: string }, []>("select name from sqlite_master where type = 'table'")
      .all()
      .map(({ name }) => name)
      .filter((name) => !["audit", "changes", "idempotency"].includes(name));
    const found = tables.filter((table) => {
      const rows = JSON.stringify(db.query(`select * from "${table}"`).all());
      return names.some((name) => rows.includes(name));
    });
    db.close();
    return found;
  });
}
const namesIn = (dir: string) => readdir(dir).catch(() => []);

test.skipIf(isLeftOut("agent"))(
  "[F5] a rig is deleted under an agent at work, taken back with its work, and leaves nothing when it is gone for good",
  async () => {
    await using town = await openWholeTown({
      agents: "scripted",
      entries: noteTaker(PAUSE_MS, { first: true }),
    });
    const { remote, rigId } = await addRig(town, { codeReview: false });
    const { beadId, runId } = await untilNoted(town, rigId);
    expect(await cli(town, "rig", "remove", "rig")).toContain("gastown trash restore rig");
    await untilGone(town);
    expect(await cli(town, "trash", "list")).toMatch(/^RIG .*\nrig .*1, 1 unfinished/);
    expect(await cli(town, "beads")).not.toContain("Note it");
    expect(await savedRefs(remote)).toContain(`${beadId}/${runId}`);
    expect(await cli(town, "trash", "restore", "rig")).toContain("Rig rig is back.");
    await untilLanded(town, beadId);
    expect(await landedBeads(remote)).toEqual([beadId]);
    expect(await personGit(remote, "show", "main:notes/1.md")).toBe("attempt 1");

    const runner = join(town.dataDir, "runner");
    expect(await namesIn(join(runner, "rigs"))).toEqual([rigId]);
    await cli(town, "rig", "remove", "rig");
    await untilGone(town);
    expect(await cli(town, "trash", "purge", "rig")).toContain("Rig rig is gone.");
    expect(await cli(town, "trash", "list")).toBe("The trash is empty.\n");
    await eventually("its runner has nothing of it", async () =>
      (await namesIn(join(runner, "rigs"))).length === 0 ? true : undefined,
    );
    expect(await namesIn(join(runner, "runs"))).toEqual([]);
    expect(await savedRefs(remote)).toBe("");
    // The runner's answer is on its way when its disk is clean.
    await eventually("the town has nothing of it but the end of its runs", () =>
      Promise.resolve(
        tablesNaming(town, rigId, beadId, runId).join(" ") === "purged_runs" || undefined,
      ),
    );
    expect((await town.client.call("town.status", {})).openEscalations).toBe(0);
  },
  LIMIT_MS,
);
