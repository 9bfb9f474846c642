// Agents that are another program than kilo, by configuration alone, with real processes.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { personGit } from "../../support/git-rig.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { programsDir } from "../../support/programs-dir.ts";
import { drawn } from "../../support/sample.ts";
import { openWholeTown, untilLanded } from "../../support/whole-town.ts";
import { runCli } from "../cli/run-cli.ts";
import { makeRepository } from "./repositories.ts";

const LIMIT_MS = 600_000;
const needsAgent = isLeftOut("agent") || isLeftOut("sandbox");
const modules = join(programsDir, "node_modules");
const platform = `${process.platform}-${process.arch}`;
const PROGRAMS = [
  { program: "opencode", title: "OpenCode", bin: join(modules, `opencode-${platform}`, "bin") },
  { program: "claude-code", title: "Claude Code", bin: join(modules, ".bin") },
  { program: "codex", title: "Codex", bin: join(modules, ".bin") },
] as const;

/** Runs of a town that has ended or not, by kind and program. */
function programsOf(dataDir: string): Record<string, number> {
  using db = new Database(join(dataDir, "town.db"), { readonly: true });
  const rows = db
    .query<{ name: string; n: number }, []>(
      "select kind || ' ' || (spec ->> 'program') as name, count(*) as n from runs where spec ->> 'program' is not null group by 1",
    )
    .all();
  return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
}

const WHATS = drawn(
  "what another program does",
  PROGRAMS.flatMap((of) => [
    { of, does: "bead" },
    { of, does: "demo" },
  ]),
);
const thatDo = (what: string) => WHATS.flatMap(({ of, does }) => (does === what ? [of] : []));

for (const { program, title, bin } of thatDo("bead"))
  test.skipIf(needsAgent)(
    `[C19] a bead is done by ${title} and lands, by one setting of its rig`,
    async () => {
      await using town = await openWholeTown({ pathFirst: bin });
      const remote = await makeRepository(join(town.dir, "one"), "bare");
      const gates = [{ name: "check", command: "sh check.sh" }];
      const rig = await town.client.call("rig.add", {
        ...{ remote, name: "one", delivery: "merge", codeReview: false, gates },
      });
      const set = ["settings", "program", "set", "polecat", program, "--rig", "one"];
      const chosen = await runCli([...set, "--data", town.dataDir]);
      expect(chosen.out).toMatch(new RegExp(`polecat +${title} +rig`));
      const bead = await town.client.call("bead.sling", {
        ...{ rig: rig.id, title: "Note it", body: "File: notes/a.md\nLine: done by another" },
      });
      await untilLanded(town, bead.id);
      expect(await personGit(remote, "show", "main:notes/a.md")).toBe("done by another");
      expect(programsOf(town.dataDir)).toEqual({ [`work ${program}`]: 1 });
    },
    LIMIT_MS,
  );

for (const { program, title, bin } of thatDo("demo"))
  test.skipIf(needsAgent)(
    `[C19] the demo runs with ${title} as polecat by one setting, its refinery and its Mayor being kilo`,
    async () => {
      await using town = await openWholeTown({
        args: ["--demo", "--seed", "42", "--once"],
        pathFirst: bin,
        hasModel: false,
      });
      await town.client.call("program.set", { role: "polecat", program });
      expect(await town.process.exited).toBe(0);
      const { [`work ${program}`]: works = 0, ...others } = programsOf(town.dataDir);
      // Five beads; a red gate, a returned review, a silent agent and a killed one make more runs of them.
      expect(works).toBeGreaterThan(5);
      expect(Object.keys(others).toSorted()).toEqual(["review kilo", "session kilo"]);
    },
    LIMIT_MS,
  );
