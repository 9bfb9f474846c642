/** `gastown take` and `gastown give`: a bead's branch in a folder of one's own, and back to the town. */
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { shortId, type CommandValue } from "../../../protocol/index.ts";
import { Complaint } from "../../complaint.ts";
import { dataDirOf } from "../../data-dir.ts";
import { printJson, printLine, printNote } from "../../output.ts";
import type { TownClient } from "../../town-client.ts";
import { townCommand, withTownOf, type TownOptions } from "../town-command.ts";
import { beginsOf, noteBegins } from "./begins.ts";
import { personGit, tryGit } from "./person-git.ts";

type BeadWork = CommandValue<"bead.work">;

/** A run that is told to stop saves its work; by then the town calls it lost. */
const STOPPED_MS_MAX = 6 * 60_000;
const LOOK_AGAIN_MS = 500;
const SUMMARY_CHARS_MAX = 2_000;
const BEAD_KEY = "gastown.bead";

export function addTake(program: Command): void {
  townCommand(
    program,
    "take <bead> [folder]",
    "Work on a bead yourself: its newest work in a new folder, and nobody else works on it",
  ).action(async (bead: string, folder: string | undefined, options: TownOptions) => {
    await withTownOf(options, (town) => take(town, options, bead, folder));
  });
  townCommand(
    program,
    "give [bead]",
    "Return a bead that you took, with the commits of the folder you are in, for review",
  )
    .option("--in <folder>", "the folder; the one you are in unless given")
    .option("--go-on", "an agent goes on from your commits, instead of a review")
    .option("--nothing", "as it was when you took it: your commits stay in your folder")
    .option("--summary <text>", "for the reviewer; the subjects of your commits unless given")
    .action(async (bead: string | undefined, options: GiveOptions) => {
      await withTownOf(options, (town) => give(town, options, bead));
    });
}

async function take(
  town: TownClient,
  options: TownOptions,
  ref: string,
  wished: string | undefined,
): Promise<void> {
  const folder = resolve(wished ?? ref);
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new Complaint(`${folder} is not empty: name another folder.`, 2);
  const taken = await town.call("bead.take", { bead: ref });
  const id = shortId(taken.id);
  const work = await whenStopped(town, taken.id);
  const branch = `gastown/take/${id}`;
  const start = await fill(folder, { id: taken.id, branch, work }, dataDirOf(options)).catch(
    (error: unknown) => {
      if (!(error instanceof Complaint)) throw error;
      throw new Complaint(
        `${error.message}\nThe bead is yours all the same: \`gastown give ${id} --nothing\` returns it.`,
      );
    },
  );
  if (options.json === true) return printJson({ bead: taken.id, folder, branch, start });
  printLine(`Bead ${id} is yours, in ${folder} on ${branch}.`);
  printLine("Commit there, then run `gastown give` in that folder to return it.");
}

/** Makes the folder, on a branch of its own. Answers the commit that it begins from. */
async function fill(
  folder: string,
  { id, branch, work }: { id: string; branch: string; work: BeadWork },
  dataDir: string,
): Promise<string> {
  await personGit(".", "clone", "--quiet", "--no-checkout", work.rig.remote, folder);
  const start = await startOf(folder, work, dataDir);
  await personGit(folder, "checkout", "--quiet", "--no-track", "-b", branch, start);
  await personGit(folder, "config", BEAD_KEY, id);
  await personGit(folder, "config", "gastown.start", await personGit(folder, "rev-parse", "HEAD"));
  await noteBegins(folder, work);
  return start;
}

/** Once nothing of the bead runs any more: what was saved last is told by then. */
async function whenStopped(town: TownClient, bead: string): Promise<BeadWork> {
  const until = Date.now() + STOPPED_MS_MAX;
  for (let told = false; ; told = true) {
    const work = await town.call("bead.work", { bead });
    if (!work.isBusy) return work;
    if (!told) printNote("Its run is being stopped, with the work saved…");
    if (Date.now() > until)
      throw new Complaint("Its run does not end. The bead is yours; take it again in a while.");
    await Bun.sleep(LOOK_AGAIN_MS);
  }
}

/** The commit to begin from, fetched into the folder: the newest work, else the rig's target. */
async function startOf(folder: string, work: BeadWork, dataDir: string): Promise<string> {
  const { from, rig } = work;
  if (from === null) return `origin/${rig.target}`;
  const store = storeOf(dataDir, rig.id);
  const has = async () => (await tryGit(folder, "cat-file", "-e", `${from.oid}^{commit}`)).ok;
  for (const place of [rig.remote, ...(store === null ? [] : [store])])
    for (const ref of [...from.refs, from.oid]) {
      if (await has()) return from.oid;
      await tryGit(folder, "fetch", "--quiet", "--no-tags", place, ref);
    }
  if (await has()) return from.oid;
  throw new Complaint(
    `The newest work of the bead, ${from.oid.slice(0, 12)}, is neither in ${rig.remote} nor on this host: its runner alone has it.`,
  );
}

/** The store of the runner beside the town, where it has this rig. */
function storeOf(dataDir: string, rigId: string): string | null {
  const path = join(dataDir, "runner", "rigs", rigId, "store.git");
  return existsSync(path) ? path : null;
}

interface GiveOptions extends TownOptions {
  in?: string;
  goOn?: boolean;
  nothing?: boolean;
  summary?: string;
}

async function give(town: TownClient, options: GiveOptions, ref: string | undefined) {
  const folder = resolve(options.in ?? ".");
  const here = (await tryGit(folder, "config", BEAD_KEY)).text;
  const bead = ref ?? here;
  if (bead === "")
    throw new Complaint(
      "This is no folder that `gastown take` has made: go there, or name the bead.",
      2,
    );
  if (options.nothing === true) {
    const given = await town.call("bead.give", { bead, work: null });
    if (options.json === true) return printJson(given);
    return printLine(`Bead ${shortId(given.id)} is the town's again, as it was.`);
  }
  const work = await town.call("bead.work", { bead });
  if (here !== work.bead)
    throw new Complaint(`This folder is not that of bead ${shortId(work.bead)}.`, 2);
  const left = await personGit(folder, "status", "--porcelain");
  if (left !== "")
    throw new Complaint(
      `There is work that is not committed: commit it, or leave it out.\n${left}`,
    );
  const oid = await personGit(folder, "rev-parse", "HEAD");
  const begins = await beginsOf(folder, work.rig.target);
  const place = await placeFor(town, work, dataDirOf(options));
  const name = `refs/gastown/given/${work.bead}/${oid.slice(0, 12)}`;
  await personGit(folder, "push", "--quiet", "--no-verify", place.url, `+HEAD:${name}`);
  const given = await town.call("bead.give", {
    bead: work.bead,
    work: {
      ...{ ref: name, oid, begins, runnerId: place.runnerId, review: options.goOn !== true },
      summary: (options.summary ?? (await subjects(folder))).slice(0, SUMMARY_CHARS_MAX),
    },
  });
  if (options.json === true) return printJson(given);
  const next = options.goOn === true ? "an agent goes on from it" : "it goes to review";
  printLine(`Bead ${shortId(given.id)} is given back with ${oid.slice(0, 12)}: ${next}.`);
}

/** Where commits are left for the town. What sends nothing to the repository is left with the runner of this host. */
async function placeFor(
  town: TownClient,
  { rig }: BeadWork,
  dataDir: string,
): Promise<{ url: string; runnerId: string | null }> {
  if (rig.delivery !== "none") return { url: rig.remote, runnerId: null };
  const { runners } = await town.call("town.status", {});
  const runner = runners.find(({ local }) => local);
  const store = storeOf(dataDir, rig.id);
  if (runner !== undefined && store !== null) return { url: store, runnerId: runner.id };
  throw new Complaint(
    "Nothing of this bead is sent to its repository, and no runner of this host has the rig: choose another delivery first, with `gastown bead edit`.",
  );
}

async function subjects(folder: string): Promise<string> {
  const start = (await tryGit(folder, "config", "gastown.start")).text;
  const range = start === "" ? ["-1"] : [`${start}..HEAD`];
  const listed = await personGit(folder, "log", "--reverse", "--format=%s", ...range);
  return listed || "Changed by hand.";
}
