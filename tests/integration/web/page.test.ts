import { AxeBuilder } from "@axe-core/playwright";
import { expect, test } from "bun:test";
import { encodeId, type Image } from "../../../protocol/index.ts";
import { openPage } from "../../support/browser.ts";
import { issueImage } from "../edges/samples.ts";
import { openPageTown, sampleTown } from "./open-page-town.ts";

const beadId = encodeId("issue", new Uint8Array(16).fill(5));
const otherId = encodeId("issue", new Uint8Array(16).fill(6));
const TIMEOUT_MS = 60_000;

const asTown = () => ({
  topics: ["town"],
  image: { kind: "town" as const, id: sampleTown.id, value: sampleTown },
});

test(
  "[A2] a login link opens the town once, and its token stays in no address",
  async () => {
    await using stage = await openPageTown();
    await using chrome = await openPage();
    const { page } = chrome;
    stage.town.commit([asTown()]);
    const link = stage.link();

    await page.goto(stage.url);
    await page.getByRole("heading", { name: "Log in to your town" }).waitFor();
    await page.goto(link);
    await page.getByRole("heading", { name: "Home", level: 1 }).waitFor();
    expect(page.url()).toBe(`${stage.url}/`);
    await page.getByText("No model key: nothing is dispatched.").first().waitFor();

    await page.reload();
    await page.getByRole("link", { name: "Lampfield" }).waitFor();

    await chrome.context.clearCookies();
    await page.reload();
    await page.getByRole("heading", { name: "Log in to your town" }).waitFor();
    await page.goto(link);
    await page.getByText("was used already").waitFor();
    expect(chrome.problems.filter((problem) => !problem.includes("401"))).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "[E1] a bead moves on the board as the town commits, and after an outage without a reload",
  async () => {
    await using stage = await openPageTown();
    await using chrome = await openPage();
    const { page } = chrome;
    const commit = (status: "open" | "in_progress" | "in_review") =>
      stage.town.commit([
        {
          topics: ["board", `bead:${beadId}`],
          image: issueImage(beadId, { title: "Lay a pipe", status }),
        },
      ]);
    stage.town.commit([asTown()]);
    commit("open");
    await page.goto(stage.link());
    await page.getByRole("link", { name: "Board" }).click();
    const column = (name: RegExp) => page.getByRole("region", { name });
    await column(/^Open, 1/)
      .getByText("Lay a pipe")
      .waitFor();
    await page.evaluate(() => document.body.setAttribute("data-kept", "yes"));

    commit("in_progress");
    await column(/^In progress, 1/)
      .getByText("Lay a pipe")
      .waitFor();
    await stage.restart(async () => {
      await page
        .getByText(/^Offline since/)
        .first()
        .waitFor();
      commit("in_review");
    });
    await column(/^In review, 1/)
      .getByText("Lay a pipe")
      .waitFor();
    await page.getByRole("status", { name: "Connection: Live" }).waitFor();
    expect(await page.evaluate(() => document.body.getAttribute("data-kept"))).toBe("yes");
  },
  TIMEOUT_MS,
);

test(
  "[E5] drawers stack in the address, close with Escape, and give focus back",
  async () => {
    await using stage = await openPageTown();
    await using chrome = await openPage({ colorScheme: "dark" });
    const { page } = chrome;
    stage.town.commit([asTown()]);
    const first = issueImage(beadId, { title: "Lay a pipe" });
    const second = issueImage(otherId, { title: "Light the lamp", blockedBy: [beadId] });
    const topics = ["board", `bead:${beadId}`, `bead:${otherId}`];
    stage.town.commit([
      { topics, image: first },
      { topics, image: second },
    ]);
    await page.goto(stage.link());
    await page.getByRole("heading", { name: "Home", level: 1 }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("b");
    const card = page
      .getByRole("region", { name: /^Open/ })
      .getByRole("link", { name: /Light the lamp/ });
    await card.focus();
    await page.keyboard.press("Enter");
    const drawer = page.getByRole("dialog");
    await drawer.getByRole("heading", { name: "Light the lamp" }).waitFor();
    await drawer.getByRole("link", { name: /Lay a pipe/ }).click();
    await drawer.getByRole("heading", { name: "Lay a pipe" }).waitFor();
    expect(new URL(page.url()).searchParams.getAll("d")).toEqual([
      `bead:${otherId}`,
      `bead:${beadId}`,
    ]);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map((violation) => violation.id)).toEqual([]);

    await page.keyboard.press("Escape");
    await drawer.getByRole("heading", { name: "Light the lamp" }).waitFor();
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    expect(await card.evaluate((element) => element === document.activeElement)).toBe(true);
    expect(chrome.problems).toEqual([]);
  },
  TIMEOUT_MS,
);

const moleculeId = encodeId("molecule", new Uint8Array(16).fill(7));

/** Two steps: the first is done, the second has failed. */
function asking(): Image<"molecule"> {
  const { value } = issueImage(beadId);
  if (value === null) throw new Error("a bead");
  const { id, type: _type, ...common } = value as Image<"issue">;
  const step = { beadId: id, outcome: null, skipped: false };
  return {
    ...common,
    id: moleculeId,
    type: "molecule",
    title: "Light the street",
    status: "in_review",
    state: "asking",
    formula: { name: "street", version: 3 },
    steps: [
      { ...step, n: 1, key: "pipe", title: "Lay a pipe", status: "closed", outcome: "landed" },
      { ...step, n: 2, key: "lamp", title: "Light the lamp", status: "failed", beadId: otherId },
    ],
    current: 2,
    question: { beads: [otherId], choices: ["retry", "skip"] },
  };
}

test(
  "[C1] [E5] what triage was asked about a bead, and decided, opens from its drawer",
  async () => {
    await using stage = await openPageTown();
    await using chrome = await openPage();
    const { page } = chrome;
    stage.town.commit([asTown()]);
    const id = encodeId("triage", new Uint8Array(16).fill(7));
    const request = (change: Partial<Image<"triage">> = {}) => ({
      topics: [`bead:${beadId}`, `bead:${id}`],
      image: {
        ...{ kind: "triage" as const, id },
        value: {
          ...{ id, type: "triage_request" as const, status: "open" as const, version: 1 },
          ...{ title: "No access", body: "The server says 401.", rigId: null },
          ...{ createdBy: "town", createdAt: 0, updatedAt: 0, state: "open" as const, beadId },
          escalationId: encodeId("escalation", new Uint8Array(16).fill(8)),
          ...{ runId: null, tries: 0, action: null, note: null, decidedAt: null, ...change },
        },
      },
    });
    const topics = ["board", `bead:${beadId}`];
    stage.town.commit([{ topics, image: issueImage(beadId, { title: "Lay a pipe" }) }, request()]);
    await page.goto(stage.link());
    await page.getByRole("link", { name: "Board" }).click();
    await page.getByRole("link", { name: /Lay a pipe/ }).click();
    const drawer = page.getByRole("dialog");
    const part = drawer.getByRole("region", { name: "Triage" });
    await part.getByText("Triage is asked about it.").waitFor();
    stage.town.commit([request({ state: "decided", action: "hold", note: "It needs a key." })]);
    await part.getByText("held until you release it").waitFor();
    await part.getByRole("link", { name: "No access" }).click();
    await drawer.getByRole("heading", { name: "No access" }).waitFor();
    const raised = drawer.getByRole("region", { name: "What was raised" });
    await raised.getByText("The server says 401.").waitFor();
    await drawer.getByText("“It needs a key.”").waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id: rule }) => rule)).toEqual([]);
    expect(chrome.problems).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "[B12] a step's drawer shows the molecule's steps, marks the current one, and asks about a failed one",
  async () => {
    await using stage = await openPageTown();
    await using chrome = await openPage();
    const { page } = chrome;
    stage.town.commit([asTown()]);
    const topics = [`bead:${beadId}`, `bead:${otherId}`, `bead:${moleculeId}`] as const;
    const molecule = { kind: "molecule" as const, id: moleculeId, value: asking() };
    stage.town.commit([
      { topics: ["board", topics[0]], image: issueImage(beadId, { title: "Lay a pipe" }) },
      {
        topics: ["board", topics[1]],
        image: issueImage(otherId, {
          title: "Light the lamp",
          status: "failed",
          parentId: moleculeId,
        }),
      },
      { topics: [...topics], image: molecule },
    ]);
    await page.goto(stage.link());
    await page.getByRole("heading", { name: "Home", level: 1 }).waitFor();
    await page.goto(`${stage.url}/board?d=bead:${otherId}`);
    const drawer = page.getByRole("dialog");
    const steps = drawer.getByRole("region", { name: "Steps" });
    await steps.getByText("Light the lamp").waitFor();
    const rows = steps.getByRole("listitem");
    expect(await rows.count()).toBe(2);
    expect(await rows.nth(0).getByRole("img", { name: "Landed" }).count()).toBe(1);
    expect(await rows.nth(0).locator('[aria-current="step"]').count()).toBe(0);
    expect(await rows.nth(1).getByRole("img", { name: "Failed" }).count()).toBe(1);
    expect(await rows.nth(1).locator('[aria-current="step"]').textContent()).toBe("current");

    await steps.getByRole("button", { name: "Skip step 2" }).click();
    await page.waitForFunction(() => document.querySelector("button[disabled]") === null);
    const decided = stage.town.calls.filter((call) => call.name === "molecule.decide");
    expect(decided.map((call) => call.body)).toEqual([
      { molecule: moleculeId, version: 1, step: otherId, choice: "skip" },
    ]);
    const value = asking();
    value.steps = value.steps.map((step) => ({ ...step, skipped: step.n === 2, status: "closed" }));
    stage.town.commit([
      {
        topics: [...topics],
        image: { ...molecule, value: { ...value, state: "done", current: null, question: null } },
      },
    ]);
    await rows.nth(1).getByRole("img", { name: "Skipped" }).waitFor();
    expect(await steps.locator('[aria-current="step"]').count()).toBe(0);

    await steps.getByRole("link", { name: "Light the street" }).click();
    await drawer.getByRole("heading", { name: "Light the street" }).waitFor();
    await drawer.getByText("street, version 3").waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map((violation) => violation.id)).toEqual([]);
    expect(chrome.problems).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "[B7] an agent is reset from its drawer after a question, and an idle one is let go",
  async () => {
    await using stage = await openPageTown();
    await using chrome = await openPage();
    const { page } = chrome;
    const id = encodeId("agent", new Uint8Array(16).fill(8));
    const value: Image<"agent"> = {
      id,
      type: "agent",
      status: "in_progress",
      title: "Amber",
      version: 4,
      createdBy: "town",
      createdAt: 0,
      updatedAt: 0,
      name: "Amber",
      role: "polecat",
      rigId: null,
      state: "working",
      beadId,
      runId: encodeId("run", new Uint8Array(16).fill(8)),
      bubble: "Laying the pipe",
      lastActivityAt: 0,
    };
    const commit = (change: Partial<Image<"agent">>) =>
      stage.town.commit([
        {
          topics: ["agents", `agent:${id}`],
          image: { kind: "agent", id, value: { ...value, ...change } },
        },
      ]);
    stage.town.answers.set("agent.reset", () => value);
    stage.town.answers.set("agent.retire", () => value);
    stage.town.commit([asTown()]);
    commit({});
    await page.goto(stage.link());
    await page.getByRole("heading", { name: "Home", level: 1 }).waitFor();
    await page.goto(`${stage.url}/agents?d=agent:${id}`);
    const drawer = page.getByRole("dialog", { name: /^Agent/ });
    await drawer.getByRole("button", { name: "Reset…" }).click();
    const question = page.getByRole("dialog", { name: "Take Amber off its run?" });
    await question.getByRole("button", { name: "Reset", exact: true }).click();
    await question.waitFor({ state: "detached" });
    const called = (name: string) =>
      stage.town.calls.filter((call) => call.name === name).map((call) => call.body);
    expect(called("agent.reset")).toEqual([{ agent: id, version: 4 }]);

    commit({ state: "idle", runId: null, beadId: null, version: 5 });
    await drawer.getByRole("button", { name: "Retire" }).click();
    commit({ state: "retired", runId: null, beadId: null, version: 6 });
    await drawer.getByText("Retired", { exact: true }).waitFor();
    expect(await drawer.getByRole("button", { name: "Retire" }).count()).toBe(0);
    expect(called("agent.retire")).toEqual([{ agent: id, version: 5 }]);
  },
  TIMEOUT_MS,
);

test(
  "[B1] words to the Mayor are sent once, with a key, from a phone too",
  async () => {
    await using stage = await openPageTown();
    await using chrome = await openPage({ width: 375, height: 812 });
    const { page } = chrome;
    stage.town.commit([asTown()]);
    await page.goto(stage.link());
    await page
      .getByRole("navigation", { name: "Views" })
      .getByRole("link", { name: "Mayor" })
      .click();
    const field = page.getByRole("textbox", { name: "Message to the Mayor" });
    await field.fill("Please light the lamps");
    await field.press("Enter");
    await page.waitForFunction(() => document.querySelector("textarea")?.value === "");
    const said = stage.town.calls.filter((call) => call.name === "mayor.say");
    expect(said.map((call) => call.body)).toEqual([{ text: "Please light the lamps" }]);
    expect(said[0]?.key?.length).toBeGreaterThanOrEqual(8);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
  },
  TIMEOUT_MS,
);

test(
  "[C10] whoever opens the conversation calls for the Mayor, once; a connection that comes back does not",
  async () => {
    await using stage = await openPageTown();
    await using chrome = await openPage();
    const { page } = chrome;
    stage.town.commit([asTown()]);
    const woken = () => stage.town.calls.filter((call) => call.name === "mayor.wake");
    await page.goto(stage.link());
    await page.getByRole("heading", { name: "Home", level: 1 }).waitFor();
    expect(woken()).toEqual([]);
    await page
      .getByRole("navigation", { name: "Views" })
      .getByRole("link", { name: "Mayor" })
      .click();
    const field = page.getByRole("textbox", { name: "Message to the Mayor" });
    await field.fill("Please light");
    await stage.restart(async () => {
      await page
        .getByText(/^Offline since/)
        .first()
        .waitFor();
    });
    await page.getByRole("status", { name: "Connection: Live" }).waitFor();
    await field.fill("Please light the lamps");
    await field.press("Enter");
    await page.waitForFunction(() => document.querySelector("textarea")?.value === "");
    expect(woken().map((call) => call.body)).toEqual([{}]);
  },
  TIMEOUT_MS,
);

test(
  "[F9] a paused town says so on every view, and goes on from there",
  async () => {
    await using stage = await openPageTown();
    await using chrome = await openPage();
    const { page } = chrome;
    const { limits } = sampleTown;
    const pause = { kind: "pause" as const, by: "person:owner", at: Date.now(), reason: "" };
    const paused = { ...sampleTown, limits: { ...limits, pause } };
    stage.town.answers.set("town.resume", () => {
      stage.town.commit([asTown()]);
      return limits;
    });
    stage.town.commit([{ ...asTown(), image: { ...asTown().image, value: paused } }]);
    await page.goto(stage.link());
    const banner = page.getByText("The town was paused by owner");
    await banner.waitFor();
    await page.getByRole("link", { name: "Board" }).click();
    await banner.waitFor();
    await page.getByRole("button", { name: "Resume the town" }).click();
    await banner.waitFor({ state: "detached" });
    expect(chrome.problems).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "[C17] prices are typed per model, half a price is not sent, and no form is too wide for a phone",
  async () => {
    await using stage = await openPageTown();
    await using chrome = await openPage({ width: 375, height: 812 });
    const { page } = chrome;
    const roles = { mayor: null, polecat: null, refinery: null, triage: null };
    const model = {
      provider: "openai-compatible" as const,
      ...{ baseUrl: "https://models.example.org/v1", roles },
      ...{ model: "big", smallModel: "big", fallbackModel: null, prices: {} },
      key: { set: true, tail: "f3a1", readable: true },
    };
    stage.town.answers.set("model.set", () => model);
    for (const list of ["program.get", "token.list"]) stage.town.answers.set(list, () => []);
    stage.town.commit([
      { ...asTown(), image: { ...asTown().image, value: { ...sampleTown, model } } },
    ]);
    await page.goto(stage.link());
    await page.getByRole("heading", { name: "Home", level: 1 }).waitFor();
    await page.goto(`${stage.url}/settings`);
    await page.getByText("Prices", { exact: true }).click();
    const price = page.getByRole("group", { name: "big" });
    await price.getByLabel("Input").fill("3");
    const save = page.getByRole("button", { name: "Save" });
    await save.click();
    expect(await price.getByLabel("Output").evaluate((field) => field.matches(":invalid"))).toBe(
      true,
    );
    await price.getByLabel("Output").fill("15");
    await save.click();
    await page.getByText("Model saved").waitFor();
    const sent = stage.town.calls.filter(({ name }) => name === "model.set");
    expect(sent.map(({ body }) => body)).toEqual([
      expect.objectContaining({ prices: { big: { input: 3, output: 15 } } }),
    ]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  },
  TIMEOUT_MS,
);
