// The whole machine as a person meets it: the demo's town, a real browser, one story told in order.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { demoScript } from "../../demo/demo-script.ts";
import { type OpenPage, openPage } from "../support/browser.ts";
import { personGit } from "../support/git-rig.ts";
import { gateCodes, landedBeads, markerCounts } from "../support/landed-sample.ts";
import { isLeftOut } from "../support/left-out.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { startTown, type TownProcess } from "../support/town-process.ts";
import {
  darkDesk,
  darkPhone,
  faultsOf,
  lightDesk,
  lightPhone,
  setMode,
  takePicture,
} from "./look.ts";
import { sightings, watchBoard } from "./watch-board.ts";

const STEP_MS = 240_000;
/** Of one awaited sight. The town does real work on a host that may be busy. */
const SIGHT_MS = 60_000;
const SEED = process.env["GASTOWN_TEST_SEED"] ?? "4";
/** Of a whole convoy's way, on a host that has other things to do. */
const CONVOY_MS = 200_000;
const WISH = "Write down who lights the lamps";
const LINE = "The Mayor lights the lamps.";

let dir: TempDir;
let town: TownProcess;
let chrome: OpenPage;
/** The tab that is clicked. */
let page: Page;
/** A second tab of the same login that stays on the board. */
let watcher: Page;

function start(...more: string[]): Promise<TownProcess> {
  return startTown({
    args: ["--data", join(dir.path, "town"), ...more],
    env: { XDG_CONFIG_HOME: join(dir.path, "config") },
    readyTimeoutMs: 120_000,
  });
}

const views = () => page.getByRole("navigation", { name: "Views" });
const view = async (name: string) => {
  await views().getByRole("link", { name }).click();
  await views().locator('a[aria-current="page"]', { hasText: name }).waitFor();
};
const heading = (name: string) => page.getByRole("heading", { name, level: 1 });
const region = (name: string | RegExp, within: Page | Locator = page) =>
  within.getByRole("region", typeof name === "string" ? { name, exact: true } : { name });
const column = (name: RegExp, at = page) => region(name, at).getByRole("link");
const landedOfConvoy = () =>
  column(/^Closed/)
    .filter({ hasNotText: WISH })
    .first();
const drawer = (name: RegExp) => page.getByRole("dialog", { name });
/** The demo's bare repository. */
const sample = () => join(dir.path, "town", "sample", "sample.git");
const picture = (name: string) => takePicture(page, name, join(dir.path, "pictures"));

/** The id in a link's address, e.g. of `/convoys/cv_…` or `?d=bead:bd_…`. */
async function idIn(link: Locator): Promise<string> {
  const id = /[a-z]{2}_[0-9a-z]{26}/.exec((await link.getAttribute("href")) ?? "")?.[0];
  if (id === undefined) throw new Error("the link names no id");
  return id;
}

beforeAll(async () => {
  dir = await tempDir("e2e");
  chrome = await openPage();
  page = chrome.page;
  chrome.context.setDefaultTimeout(SIGHT_MS);
  town = await start("--demo", "--seed", SEED);
}, STEP_MS);

afterAll(async () => {
  await chrome?.[Symbol.asyncDispose]();
  await town?.[Symbol.asyncDispose]();
  await dir?.[Symbol.asyncDispose]();
}, STEP_MS);

describe.skipIf(isLeftOut("browser") || isLeftOut("agent"))("the demo's town", () => {
  test(
    "[A2] opens by the link that was printed, and says that its model is scripted",
    async () => {
      await page.goto(town.ready.url);
      await heading("Log in to your town").waitFor();
      const faults: string[] = [];
      for (const mode of [lightDesk, darkDesk, lightPhone]) {
        await setMode(page, mode);
        faults.push(...(await faultsOf(page, `login ${mode.scheme} ${mode.width}`)));
      }
      await setMode(page, lightDesk);
      expect(faults).toEqual([]);
      // The browser tells of the refusal that a stranger meets.
      expect(chrome.problems.splice(0).filter((problem) => !problem.includes("401"))).toEqual([]);

      await page.goto(town.ready.login);
      await heading("Home").waitFor();
      expect(page.url()).toBe(`${town.ready.url}/`);
      await page.getByText("scripted model").waitFor();

      watcher = await chrome.context.newPage();
      await watcher.goto(`${town.ready.url}/board`);
      await watcher.getByRole("status", { name: "Connection: Live" }).waitFor();
      await watchBoard(watcher);
      // What is behind gets few frames: neither its changes of colour nor its pictures would end soon.
      await page.bringToFront();
    },
    STEP_MS,
  );

  test(
    "[B1] the Mayor plans the demo's wish, hears another one, and answers while one watches",
    async () => {
      await view("Mayor");
      const talk = page.getByRole("log", { name: "Conversation with the Mayor" });
      const answers = talk.getByRole("article", { name: "Mayor" });
      const plan = answers.filter({ hasText: "The convoy is on its way" });
      await plan.waitFor();
      await talk.locator('article[aria-busy="true"]').waitFor({ state: "detached" });
      expect(await plan.getByText("The convoy is on its way").count()).toBe(1);
      await plan.getByRole("link", { name: /\/5 landed/ }).waitFor();
      await picture("mayor");

      const field = page.getByRole("textbox", { name: "Message to the Mayor" });
      await field.fill(`${WISH}\nFile: LAMPS.md\nLine: ${LINE}`);
      await field.press("Enter");
      await talk.locator('article[aria-busy="true"]').waitFor();
      await talk.getByRole("article", { name: "You" }).filter({ hasText: WISH }).waitFor();
      const answer = answers.filter({ hasText: "One bead is slung" });
      await answer.waitFor();
      await talk.locator('article[aria-busy="true"]').waitFor({ state: "detached" });
      expect(await answer.getByText("One bead is slung").count()).toBe(1);
      await answer.getByRole("link", { name: new RegExp(WISH) }).waitFor();
    },
    STEP_MS,
  );

  test(
    "[E5] from the board into a bead, its run as it works, and back",
    async () => {
      await view("Board");
      await page
        .getByRole("main")
        .getByRole("link", { name: new RegExp(WISH) })
        .click();
      await region("What to do", drawer(/^Bead/)).waitFor();
      await region("Runs", drawer(/^Bead/)).getByRole("link").last().click();
      const log = drawer(/^Run/).getByRole("log", { name: "Log of the run" });
      await log.getByText("The town asked").waitFor();
      await log.getByText("Writing one line").waitFor();
      await log.getByText("Handed in its work").waitFor();
      await drawer(/^Run/).getByRole("button", { name: "Back" }).click();
      await region("Facts", drawer(/^Bead/)).waitFor();
      await region("Facts", drawer(/^Bead/)).getByText("Attempts").waitFor();
      await drawer(/^Bead/).getByRole("button", { name: "Close drawers" }).click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
    },
    STEP_MS,
  );

  test(
    "[E4] everybody can use every view and drawer, in light, in dark and on a phone",
    async () => {
      await landedOfConvoy().waitFor({ timeout: CONVOY_MS });
      await takePictures();
      expect(await faultsEverywhere()).toEqual([]);
      await setMode(page, lightDesk);
    },
    STEP_MS,
  );

  test(
    "[B8] [SC-WHOLE-1] a wish of one's own lands on main with its proof, and its diff can be read",
    async () => {
      await column(/^Closed/, watcher)
        .filter({ hasText: WISH })
        .waitFor({ timeout: CONVOY_MS });
      await page.goto(`${town.ready.url}/board`);
      await column(/^Closed/)
        .filter({ hasText: WISH })
        .click();
      const bead = drawer(/^Bead/);
      await bead.getByText("Landed", { exact: true }).first().waitFor();
      await bead.getByRole("button", { name: "Show the diff" }).click();
      await region("Changes in LAMPS.md", bead).getByText(LINE).waitFor();
      await region("Facts", bead).getByRole("link", { name: "Merged" }).click();
      const proof = region("Proof of landing", drawer(/^Review/));
      await proof.getByText("main", { exact: true }).waitFor();
      const repository = sample();
      const lines = (await personGit(repository, "show", "main:LAMPS.md")).split("\n");
      expect(lines).toEqual([LINE]);
      const shown = await proof.getByText(/^[0-9a-f]{12,}$/).allTextContents();
      const landings = await personGit(repository, "log", "--first-parent", "--format=%H", "main");
      const proven = landings.split("\n").filter((oid) => shown.some((cut) => oid.startsWith(cut)));
      expect(proven).toHaveLength(1);
    },
    STEP_MS,
  );

  test(
    "[A1] the convoy lands whole, and every bead was seen on its way without a reload",
    async () => {
      await page.goto(`${town.ready.url}/convoys`);
      await page.getByRole("main").getByRole("link").first().click();
      await page.getByText("5 of 5 landed").waitFor({ timeout: CONVOY_MS });
      const boxes = page.locator(".react-flow__node").filter({ hasText: "Landed" });
      await boxes.nth(4).waitFor();
      expect(await boxes.count()).toBe(5);
      await region(/^Closed, 6/, watcher).waitFor();
      const seen = Object.entries(await sightings(watcher));
      expect(seen).toHaveLength(6);
      for (const [title, { columns }] of seen) {
        expect([title, ...columns.slice(-2)]).toEqual([title, "In review", "Closed"]);
        expect([title, columns]).toEqual([title, expect.arrayContaining(["In progress"])]);
      }
    },
    STEP_MS,
  );

  test(
    "[Done-1] main has one landing per bead, each bead's marker once, and green gates",
    async () => {
      const landed = await landedBeads(sample());
      expect(landed).toHaveLength(6);
      expect(new Set(landed).size).toBe(6);
      expect(await markerCounts(sample(), demoScript(Number(SEED)).beads)).toEqual([1, 1, 1, 1, 1]);
      expect(await gateCodes(sample())).toEqual([
        ["tests", 0],
        ["lint", 0],
      ]);
    },
    STEP_MS,
  );

  test("[C13] cards said in the agents' own words what went on", async () => {
    const words = Object.values(await sightings(watcher)).flatMap((sighting) => sighting.words);
    expect(words).toContain("Handing in");
    expect(words.filter((word) => /^on main as [0-9a-f]{7}$/.test(word))).toHaveLength(6);
  });

  test(
    "[E1] a page is honest while its town is away, and goes on when it is back",
    async () => {
      expect(chrome.problems).toEqual([]);
      await view("Home");
      await page.evaluate(() => document.body.setAttribute("data-kept", "yes"));
      const port = new URL(town.ready.url).port;
      await town[Symbol.asyncDispose]();
      await page
        .getByText(/^Offline since/)
        .first()
        .waitFor();
      expect(await faultsOf(page, "offline")).toEqual([]);
      town = await start("--port", port);
      await page.getByRole("status", { name: "Connection: Live" }).waitFor();
      await page.getByText(/^Offline since/).waitFor({ state: "detached" });
      await page.getByRole("button", { name: "New bead" }).click();
      const dialog = page.getByRole("dialog", { name: "New bead" });
      await dialog.getByLabel("Title").fill("Light one more lamp");
      await dialog.getByRole("button", { name: /^Sling/ }).click();
      await watcher.getByText("Light one more lamp").first().waitFor();
      expect(await page.evaluate(() => document.body.getAttribute("data-kept"))).toBe("yes");
    },
    STEP_MS,
  );

  test(
    "[F5] a rig is deleted under a bead at work, is in the trash with it, and both are taken back",
    async () => {
      const rig = views().locator('a[href^="/rigs/rg_"]');
      await rig.click();
      await page.getByRole("button", { name: "Delete this rig" }).click();
      const dialog = page.getByRole("dialog", { name: /^Delete / });
      const title = await dialog.getByRole("heading").innerText();
      const name = title.replace(/^Delete (.*)\?$/, "$1");
      expect(await faultsOf(page, "delete a rig")).toEqual([]);
      await dialog.getByRole("button", { name: "Delete the rig" }).click();
      await page.getByText("There is no rig with this id.").waitFor();
      await watcher.getByText("Light one more lamp").first().waitFor({ state: "detached" });
      await view("Settings");
      const trash = region("Trash");
      await trash.getByText(name, { exact: true }).waitFor();
      expect(await faultsOf(page, "trash")).toEqual([]);
      await trash.getByRole("button", { name: /^Take back/ }).click();
      await trash.getByText(/^Empty\./).waitFor();
      await watcher.getByText("Light one more lamp").first().waitFor();
    },
    STEP_MS,
  );
});

/** What the README shows: the town in the middle of its work. */
async function takePictures(): Promise<void> {
  await view("Home");
  await region("Landed").getByRole("link").first().waitFor();
  await region("Now").getByRole("link").first().waitFor();
  await picture("overview");
  await setMode(page, darkPhone);
  await picture("phone");
  await setMode(page, darkDesk);
  await view("Board");
  await column(/^In (progress|review)/)
    .first()
    .waitFor();
  await picture("board");
  await setMode(page, lightDesk);
  await view("Board");
  await landedOfConvoy().click();
  await drawer(/^Bead/).getByRole("button", { name: "Show the diff" }).click();
  const changes = region("Changes", drawer(/^Bead/));
  await region(/^Changes in/, changes)
    .first()
    .waitFor();
  await changes.evaluate((element) => element.scrollIntoView({ block: "start" }));
  await picture("bead");
}

/** Every view and drawer in light and in dark, on a desk and on a phone. */
async function faultsEverywhere(): Promise<string[]> {
  const bead = await idIn(landedOfConvoy());
  const facts = region("Facts", drawer(/^Bead/));
  const review = await idIn(facts.getByRole("link", { name: /^(Merged|Merging|Approved)/ }));
  const run = await idIn(region("Runs", drawer(/^Bead/)).getByRole("link").last());
  const rig = await idIn(views().locator('a[href^="/rigs/rg_"]'));
  const convoy = await idIn(region("Relations", drawer(/^Bead/)).getByRole("link").first());
  await page.goto(`${town.ready.url}/agents`);
  const agent = await idIn(region("All agents").getByRole("link").first());
  const places: [path: string, sight: () => Locator][] = [
    ["/", () => region("Landed").getByRole("link").first()],
    ["/mayor", () => page.getByText("The convoy is on its way")],
    ["/board", () => landedOfConvoy()],
    ["/convoys", () => page.getByRole("main").getByRole("link").first()],
    [`/convoys/${convoy}`, () => page.locator(".react-flow__node").first()],
    ["/reviews", () => heading("Reviews")],
    ["/agents", () => region("All agents")],
    ["/settings", () => region("Runners")],
    [`/rigs/${rig}`, () => region("Baseline")],
    ["/rigs/new", () => heading("Add a rig")],
    [`/board?d=bead:${bead}`, () => region("History")],
    [`/board?d=run:${run}`, () => page.getByRole("log", { name: "Log of the run" })],
    [`/board?d=review:${review}`, () => region("Rounds")],
    [`/agents?d=agent:${agent}`, () => region("Facts")],
    [`/board?d=convoy:${convoy}`, () => region("Beads")],
  ];
  const faults: string[] = [];
  for (const [path, sight] of places) {
    await page.goto(town.ready.url + path);
    for (const mode of [lightDesk, darkDesk, darkPhone]) {
      await setMode(page, mode);
      await sight().waitFor();
      faults.push(...(await faultsOf(page, `${path} ${mode.scheme} ${mode.width}`)));
    }
    await setMode(page, lightDesk);
  }
  return faults;
}
