/** `gastown up`: a town, its doors, its runner and, if asked, a demo; until a signal or the end of the work. */
import { existsSync } from "node:fs";
import { demoRecordPath } from "../../demo/record-path.ts";
import { loginLink } from "../../server/auth/login-link.ts";
import { needGit } from "../doctor/toolchain.ts";
import { printJson, printLine, printNote } from "../output.ts";
import { untilStopped } from "../signals.ts";
import { removeTownFile, writeTownFile } from "../town-file.ts";
import { appVersion } from "../version.ts";
import { announce, openBrowser } from "./announce.ts";
import type { DemoTown } from "./demo-town.ts";
import { superviseRunner } from "./local-runner.ts";
import { sumUp, untilSettled } from "./once.ts";
import { claimDirectory, openHouse, type TownHouse } from "./open-town.ts";
import { defaultSlots } from "./slots.ts";

export interface UpOptions {
  dataDir: string;
  demo: boolean;
  seed?: number;
  once: boolean;
  host: string;
  port: number;
  publicUrl?: string;
  runner: boolean;
  open: boolean;
  record: boolean;
  json: boolean;
}

/** @returns the exit code: with `once` 1 when the town got stuck, else 0 */
export async function up(options: UpOptions): Promise<number> {
  const stopped = untilStopped();
  if (options.runner || options.demo) needGit();
  const claim = claimDirectory(options.dataDir);
  // Whatever was opened is closed in the other order, however this ends.
  const closing: (() => Promise<void> | void)[] = [() => claim.release()];
  try {
    const demo = await demoOf(options);
    if (demo !== null) closing.push(() => demo.model.stop());
    const house = await openHouse(options, demo);
    closing.push(() => house.stop());
    const readyMs = performance.now();
    welcome(house, options, demo);
    closing.push(() => removeTownFile(options.dataDir));
    if (options.runner) closing.push(hireRunner(house, options, demo));
    if (demo !== null) await beginDemo(house, options, demo, closing);
    return await untilEnd(house, options, demo, stopped, readyMs);
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

/** The demo's code is loaded only where there is one: a town without it is ready sooner. */
async function demoOf(options: UpOptions): Promise<DemoTown | null> {
  if (!options.demo && !existsSync(demoRecordPath(options.dataDir))) return null;
  const { openDemo } = await import("./demo-town.ts");
  return openDemo(options.dataDir, options.demo, options.seed);
}

/** Tells programs by town.json, and people or the caller by standard output, where the town is. */
function welcome(house: TownHouse, options: UpOptions, demo: DemoTown | null): void {
  const { auth, edges } = house;
  const { token } = auth.renewToken("owner", "command line of this host");
  writeTownFile(options.dataDir, { url: edges.url, pid: process.pid, token, version: appVersion });
  const login = loginLink(edges.publicUrl, auth.createLogin().token);
  const { publicUrl: url, port } = edges;
  announce({ url, login, port, demo: demo !== null, dataDir: options.dataDir }, options.json);
  if (options.open && !options.json && process.stdout.isTTY) openBrowser(login);
}

function hireRunner(
  house: TownHouse,
  options: UpOptions,
  demo: DemoTown | null,
): () => Promise<void> {
  const runner = superviseRunner({
    url: house.edges.url,
    newToken: () => house.auth.renewToken("runner", "local").token,
    dataDir: options.dataDir,
    slots: demo?.policy.slots ?? defaultSlots(),
    log: house.log,
  });
  return () => runner.stop();
}

async function beginDemo(
  house: TownHouse,
  options: UpOptions,
  demo: DemoTown,
  closing: (() => void)[],
): Promise<void> {
  if (demo.plan !== null && options.runner) {
    const { killVictimOnce } = await import("./victim.ts");
    closing.push(killVictimOnce(house.core, demo.plan, options.dataDir, house.log));
  }
  const { playDemo } = await import("./demo-town.ts");
  await playDemo(house.core, demo);
}

async function untilEnd(
  house: TownHouse,
  options: UpOptions,
  demo: DemoTown | null,
  stopped: Promise<string>,
  readyMs: number,
): Promise<number> {
  if (!options.once) {
    await stopped;
    printNote("gastown: stopping; agents save their work.");
    return 0;
  }
  const waiting = new AbortController();
  const settled = untilSettled(house.core, waiting.signal);
  const outcome = await Promise.race([settled, stopped]);
  if (typeof outcome === "string") {
    const ended = settled.catch(() => null);
    waiting.abort(new Error("stopped"));
    await ended;
    printNote("gastown: stopped before the work was done; it goes on at the next start.");
    return 1;
  }
  const seconds = (performance.now() - readyMs) / 1000;
  const summary = await sumUp(house.core, outcome, seconds, demo?.record.repository ?? null);
  if (options.json) printJson(summary);
  else
    printLine(
      `${summary.reason ?? "Everything is done"}: ${summary.merges} of ${summary.beads} beads landed in ${summary.seconds} s.`,
    );
  return summary.ok ? 0 : 1;
}
