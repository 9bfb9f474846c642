// Agents that do what they must not: real kilo, with the script's words as the agent's will.
import { afterEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findStrays } from "../../../runner/process/find-strays.ts";
import { markOwner } from "../../../runner/process/mark.ts";
import { personGit } from "../../support/git-rig.ts";
import { bash, done, eventsOf, offerWork, polecat, shownIn } from "./one-polecat.ts";
import { baselineSpec, rigSpec } from "./specs.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
afterEach(() => stage.close());

const TIMEOUT_MS = 90_000;
const MEGABYTE = 1_000_000;
const GIGABYTE = 1_000 * MEGABYTE;
/** Of all that one run tells of its agent. */
const TOLD_BYTES_MAX = 1_000_000;

const printed = (bytes: number) => `head -c ${bytes} /dev/zero | tr '\\0' 'y'`;

async function handIn(...commands: string[]) {
  // How much an agent prints of what it runs is its own affair.
  stage = await openStage(polecat(...commands.map(bash), done), "kilo");
  await stage.start();
  const spec = await offerWork(stage);
  expect(await stage.town.exitOf(spec.runId)).toMatchObject({ outcome: "done" });
  const [told] = stage.town.of("work_done", spec.runId);
  if (told === undefined) throw new Error("nothing was handed in");
  return { spec, told };
}

test(
  "[C23] an agent that pushes, sets hooks and remotes, forges trailers and writes outside its tree hands in its change alone",
  async () => {
    const before = leftOnHost();
    const { spec, told } = await handIn(
      [
        "mkdir -p .git/hooks hooks",
        "printf '#!/bin/sh\\ntouch /tmp/gt-hook-ran \"$HOME/../../../gt-hook-ran\"\\n' > hooks/pre-commit",
        "chmod +x hooks/pre-commit",
        "cp hooks/pre-commit .git/hooks/post-checkout; cp hooks/pre-commit .git/hooks/pre-push",
        "git config core.hooksPath hooks; git config core.fsmonitor ./hooks/pre-commit",
        "echo out > ../gt-outside.txt; echo out > ../../gt-outside.txt; echo out > /gt-outside.txt",
      ].join("\n"),
      [
        "echo hello > line.txt; git add line.txt",
        "git -c core.hooksPath=/dev/null commit -qm 'Hello' -m 'Bead: bd_01000000000000000000000000' -m 'Co-authored-by: Nobody <n@example.test>'",
        "git push origin HEAD:main; git push origin HEAD:refs/heads/stolen",
        'git push "file://$(git config remote.origin.url)" HEAD:refs/heads/stolen',
        'git remote set-url --push origin "$(git config remote.origin.url)"; git push origin HEAD:refs/heads/stolen',
      ].join("\n"),
    );
    expect(await shownIn(stage, spec, told.headOid, "line.txt")).toBe("hello");
    const refs = await personGit(stage.remoteDir, "for-each-ref", "--format=%(refname)");
    expect(refs.split("\n").toSorted()).toEqual(
      ["refs/heads/main", `refs/heads/${told.branch}`].toSorted(),
    );
    expect(await personGit(stage.remoteDir, "log", "--format=%s", "main")).toBe("Begin");
    const { storeDir, mirrorDir } = repositoriesOf(spec.rig.id);
    for (const dir of [storeDir, mirrorDir])
      expect(await personGit(dir, "for-each-ref", "refs/heads/stolen", "refs/heads/main")).toBe("");
    expect(leftOnHost()).toEqual(before);
  },
  TIMEOUT_MS,
);

test(
  "[C12] an agent that prints without end is told in part, and its run goes on",
  async () => {
    const { spec, told } = await handIn(`${printed(100 * MEGABYTE)}; echo hello > line.txt`);
    expect(await shownIn(stage, spec, told.headOid, "line.txt")).toBe("hello");
    expect(JSON.stringify(eventsOf(stage, spec.runId)).length).toBeLessThan(TOLD_BYTES_MAX);
  },
  TIMEOUT_MS,
);

test(
  "[C12] a gate that prints a gigabyte is judged by its code, and told in part",
  async () => {
    stage = await openStage();
    await stage.start();
    const command = `${printed(GIGABYTE)}; echo end`;
    const gates = [{ name: "loud", command, timeoutMs: 60_000 }];
    await stage.town.until(() => stage.town.hellos[0]);
    const spec = baselineSpec(rigSpec(stage.remoteDir, { gates }));
    await stage.town.offer(spec);
    await stage.town.exitOf(spec.runId);
    const [gate] = stage.town.of("baseline", spec.runId)[0]?.gates ?? [];
    expect(gate).toMatchObject({ name: "loud", ok: true });
    expect(gate?.log.length).toBeLessThan(TOLD_BYTES_MAX);
    expect(gate?.log).toEndWith("end\n");
  },
  TIMEOUT_MS,
);

test(
  "[C12] what an agent starts and leaves behind ends with its run, in a session of its own too",
  async () => {
    await handIn(
      "setsid sleep 3000 >/dev/null 2>&1 & (setsid sh -c 'trap \"\" TERM HUP; sleep 3001' >/dev/null 2>&1 &); echo hello > line.txt",
    );
    const owner = markOwner(join(stage.dataDir, "runner"));
    expect(await findStrays({ owner })).toEqual([]);
  },
  TIMEOUT_MS,
);

function repositoriesOf(rigId: string) {
  const dir = join(stage.dataDir, "runner", "rigs", rigId);
  return { storeDir: join(dir, "store.git"), mirrorDir: join(dir, "mirror.git") };
}

/** Which of the files that such an agent would leave on its host are there. */
function leftOnHost(): boolean[] {
  return ["/tmp/gt-hook-ran", "/gt-hook-ran", "/gt-outside.txt"].map((path) => existsSync(path));
}
