// What a bead's drawer says of its commits, and what can be said to its agent there; the author in Settings.
import { AxeBuilder } from "@axe-core/playwright";
import { expect, test } from "bun:test";
import { encodeId, type BeadCommit, type Image } from "../../../protocol/index.ts";
import { openPage } from "../../support/browser.ts";
import { issueImage } from "../edges/samples.ts";
import { openPageTown, sampleTown } from "./open-page-town.ts";

const beadId = encodeId("issue", new Uint8Array(16).fill(5));
const runId = encodeId("run", new Uint8Array(16).fill(6));
const mailId = encodeId("mail", new Uint8Array(16).fill(7));
const TIMEOUT_MS = 60_000;
const asTown = () => ({
  topics: ["town" as const],
  image: { kind: "town" as const, id: sampleTown.id, value: sampleTown },
});

test(
  "[C15] a bead's drawer lists its commits, with links only where the code host has them",
  async () => {
    await using stage = await openPageTown();
    await using chrome = await openPage();
    const { page } = chrome;
    const commit = { author: "Ada Person", committer: "Rustle", at: 0, runId };
    const commits: BeadCommit[] = [
      {
        ...commit,
        oid: "a".repeat(40),
        subject: "Lay it",
        page: "https://github.com/a/b/commit/a",
      },
      { ...commit, oid: "b".repeat(40), subject: "<b>Dig</b> it", page: null },
    ];
    stage.town.answers.set("bead.commits", () => commits);
    stage.town.commit([
      asTown(),
      {
        topics: ["board", `bead:${beadId}`],
        image: issueImage(beadId, { title: "Lay a pipe", headOid: "a".repeat(40) }),
      },
    ]);
    await page.goto(stage.link());
    await page.getByRole("heading", { name: "Home", level: 1 }).waitFor();
    await page.goto(`${stage.url}/board?d=bead:${beadId}`);
    const part = page.getByRole("dialog").getByRole("region", { name: "Commits" });
    const link = part.getByRole("link", { name: "Lay it" });
    expect(await link.getAttribute("href")).toBe("https://github.com/a/b/commit/a");
    expect(await link.getAttribute("rel")).toBe("noreferrer");
    await part.getByText("<b>Dig</b> it").waitFor();
    expect(await part.getByRole("link").count()).toBe(1);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id }) => id)).toEqual([]);
    expect(chrome.problems).toEqual([]);
  },
  TIMEOUT_MS,
);

function mail(change: Partial<Image<"mail">> = {}) {
  const value: Image<"mail"> = {
    ...{ id: mailId, type: "mail", status: "open", title: "Use the old parser", version: 1 },
    ...{ createdBy: "person:owner", createdAt: 0, updatedAt: 0, rigId: null },
    ...{ body: "Use the old parser", state: "queued", mode: "wait_idle", from: "a person" },
    ...{ toId: beadId, runId: null, expiresAt: 9e12, deliveredAt: null, seenAt: null, ...change },
  };
  return {
    topics: [`bead:${beadId}` as const],
    image: { kind: "mail" as const, id: mailId, value },
  };
}

test(
  "[C14] [E7] words to a bead's agent are sent to it, interrupt it, or go to the Mayor when they sound like his",
  async () => {
    await using stage = await openPageTown();
    await using chrome = await openPage({ width: 375, height: 800 });
    const { page } = chrome;
    const topics = ["board" as const, `bead:${beadId}` as const];
    stage.town.commit([
      asTown(),
      { topics, image: issueImage(beadId, { title: "Lay a pipe", status: "in_progress", runId }) },
    ]);
    await page.goto(stage.link());
    await page.getByRole("heading", { name: "Home", level: 1 }).waitFor();
    await page.goto(`${stage.url}/board?d=bead:${beadId}`);
    const part = page.getByRole("dialog").getByRole("region", { name: "Messages" });
    const field = part.getByLabel("To whoever works on it");
    const toMayor = part.getByRole("button", { name: "Send to the Mayor" });
    const calls = (name: string) =>
      stage.town.calls.filter((call) => call.name === name).map(({ body }) => body);
    expect(await part.getByRole("button", { name: "Send", exact: true }).isDisabled()).toBe(true);

    await field.fill("Use the old parser");
    expect(await toMayor.count()).toBe(0);
    await part.getByRole("button", { name: "Send", exact: true }).click();
    await page.waitForFunction(() => document.querySelector("textarea")?.value === "");
    expect(calls("mail.send")).toEqual([
      { to: beadId, text: "Use the old parser", mode: "wait_idle" },
    ]);
    stage.town.commit([mail()]);
    await part.getByText("waits for a run").waitFor();
    stage.town.commit([mail({ state: "seen", runId, seenAt: 1 })]);
    await part.getByText("read", { exact: false }).filter({ hasText: "from a person" }).waitFor();

    await field.fill("Stop, and read the test first");
    await part.getByRole("button", { name: "Interrupt and send" }).click();
    await page.waitForFunction(() => document.querySelector("textarea")?.value === "");
    expect(calls("mail.send")).toHaveLength(2);
    expect(calls("mail.send")[1]).toMatchObject({ mode: "immediate" });

    await field.fill("What are the other agents doing?");
    await toMayor.waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id }) => id)).toEqual([]);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(375);
    await toMayor.click();
    await page.waitForFunction(() => document.querySelector("textarea")?.value === "");
    expect(calls("mayor.say")).toEqual([{ text: "What are the other agents doing?" }]);
    expect(calls("mail.send")).toHaveLength(2);
    expect(chrome.problems).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "[C15] the author of commits is typed in Settings, and given back to the host",
  async () => {
    await using stage = await openPageTown();
    await using chrome = await openPage();
    const { page } = chrome;
    const host = { name: "Ada Person", email: "ada@example.test", from: "host" };
    let choice = host;
    stage.town.answers.set("author.get", () => choice);
    stage.town.commit([asTown()]);
    await page.goto(stage.link());
    await page.getByRole("link", { name: "Settings", exact: true }).click();
    const part = page.getByRole("region", { name: "Author of commits" });
    await part.getByText("From the git of whoever started the town.").waitFor();
    const save = part.getByRole("button", { name: "Save" });
    expect(await save.isDisabled()).toBe(true);
    await part.getByLabel("Name").fill("Bob Person");
    await part.getByLabel("Email").fill("bob@example.test");
    choice = { name: "Bob Person", email: "bob@example.test", from: "town" };
    await save.click();
    await part.getByText("Set for the town; a rig may have its own.").waitFor();
    choice = host;
    await part.getByRole("button", { name: "Use the host’s" }).click();
    await part.getByText("From the git of whoever started the town.").waitFor();
    const sent = stage.town.calls.filter(({ name }) => name === "author.set");
    expect(sent.map(({ body }) => body)).toEqual([
      { author: { name: "Bob Person", email: "bob@example.test" } },
      { author: null },
    ]);
    expect(chrome.problems).toEqual([]);
  },
  TIMEOUT_MS,
);
