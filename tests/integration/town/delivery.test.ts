import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Delivery } from "../../../protocol/index.ts";
import { landings } from "../../support/git-landing.ts";
import { personGit } from "../../support/git-rig.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { runCli } from "../cli/run-cli.ts";
import { branchesOf, checkoutBytes, makeRepository, type Shape } from "./repositories.ts";
import {
  openWholeTown,
  untilJudged,
  untilLanded,
  type WholeTown,
} from "../../support/whole-town.ts";

const LIMIT_MS = 600_000;
const needsAgent = isLeftOut("agent") || isLeftOut("sandbox");
const SHAPES = ["bare", "clean", "dirty"] as const;
const DELIVERIES = ["none", "branch", "merge"] as const;

/** A tester's own repository of one shape, with one bead by one delivery, and what it was before. */
interface Case {
  shape: Shape;
  delivery: Delivery;
  repository: string;
  branchesBefore: Record<string, string>;
  bytesBefore: Record<string, string> | null;
  beadId: string;
}

let town: WholeTown;
const cases = new Map<string, Case>();
beforeAll(async () => {
  if (needsAgent) return;
  town = await openWholeTown({ agents: "scripted" });
  for (const shape of SHAPES)
    for (const delivery of DELIVERIES)
      cases.set(`${shape} ${delivery}`, await slingOne(shape, delivery));
}, LIMIT_MS);
afterAll(() => town?.[Symbol.asyncDispose]());

/** As a person does it: by the command line alone. A review is waited for in some, not in all: it takes an agent more. */
async function slingOne(shape: Shape, delivery: Delivery): Promise<Case> {
  const name = `${shape}-${delivery}`;
  const repository = await makeRepository(join(town.dir, name), shape);
  const before = {
    branchesBefore: await branchesOf(repository),
    bytesBefore: shape === "bare" ? null : await checkoutBytes(repository),
  };
  const gate = `check=grep -qx two src/lines.txt && sh check.sh`;
  await cli(
    "rig",
    "add",
    repository,
    "--name",
    name,
    "--gate",
    gate,
    "--delivery",
    delivery,
    ...(shape === "bare" ? [] : ["--no-code-review"]),
  );
  const body = `File: notes/${name}.md\nLine: a line for ${name}`;
  const slung = await cli("sling", name, `Note in ${name}`, "--body", body, "--json");
  const { id } = JSON.parse(slung) as { id: string };
  return { shape, delivery, repository, ...before, beadId: id };
}

async function cli(...arguments_: string[]): Promise<string> {
  const { code, out, err } = await runCli([...arguments_, "--data", town.dataDir]);
  expect([code, err]).toEqual([0, ""]);
  return out;
}

function caseOf(shape: Shape, delivery: Delivery): Case {
  const found = cases.get(`${shape} ${delivery}`);
  if (found === undefined) throw new Error(`no case ${shape} ${delivery}`);
  return found;
}

/** The landed bead, with the review that says what was proven. */
async function landed({ beadId, shape }: Case) {
  const bead = await untilLanded(town, beadId);
  const review = await town.client.call("review.get", { review: bead.reviewId ?? "" });
  expect(bead).toMatchObject({ outcome: "landed", landedOid: review.proof?.mergeOid ?? "none" });
  expect(review.proof).toMatchObject({ sourceOid: bead.headOid, ref: bead.landedOn });
  const round = review.rounds.at(-1);
  expect(round?.gates.map(({ name, ok }) => [name, ok])).toEqual([["check", true]]);
  expect(round?.verdict).toBe(shape === "bare" ? "approve" : null);
  return { bead, review };
}

for (const shape of SHAPES) {
  test.skipIf(needsAgent)(
    `[D6] delivery none, ${shape} repository: the bead lands in the town and the repository's branches stay`,
    async () => {
      const one = caseOf(shape, "none");
      const { bead, review } = await landed(one);
      expect(bead.landedOn).not.toBe("refs/heads/main");
      expect(review.landingHint).toBeNull();
      expect(await branchesOf(one.repository)).toEqual(one.branchesBefore);
      if (one.bytesBefore !== null)
        expect(await checkoutBytes(one.repository)).toEqual(one.bytesBefore);
    },
    LIMIT_MS,
  );

  test.skipIf(needsAgent)(
    `[D6] delivery branch, ${shape} repository: gastown/landed/main is published and main stays`,
    async () => {
      const one = caseOf(shape, "branch");
      const { bead } = await landed(one);
      expect(bead.landedOn).toBe("refs/heads/gastown/landed/main");
      expect(await branchesOf(one.repository)).toEqual({
        ...one.branchesBefore,
        "refs/heads/gastown/landed/main": bead.landedOid ?? "",
      });
      expect(await landings(one.repository, "gastown/landed/main")).toEqual([one.beadId]);
      expect(
        await personGit(
          one.repository,
          "show",
          "gastown/landed/main:notes/" + `${shape}-branch.md`,
        ),
      ).toBe(`a line for ${shape}-branch`);
      if (one.bytesBefore !== null)
        expect(await checkoutBytes(one.repository)).toEqual(one.bytesBefore);
    },
    LIMIT_MS,
  );
}

test.skipIf(needsAgent)(
  "[D6] delivery merge, bare repository: main has one landing more and nothing else",
  async () => {
    const one = caseOf("bare", "merge");
    const { bead } = await landed(one);
    expect(bead.landedOn).toBe("refs/heads/main");
    expect(await branchesOf(one.repository)).toEqual({ "refs/heads/main": bead.landedOid ?? "" });
    expect(await landings(one.repository, "main")).toEqual([one.beadId]);
    const changed = await personGit(
      one.repository,
      "diff",
      "--name-only",
      one.branchesBefore["refs/heads/main"] ?? "",
      "main",
    );
    expect(changed).toBe("notes/bare-merge.md");
  },
  LIMIT_MS,
);

test.skipIf(needsAgent)(
  "[D6] delivery merge, clean checkout: main and its files move forward together",
  async () => {
    const one = caseOf("clean", "merge");
    const { bead, review } = await landed(one);
    expect([bead.landedOn, review.landingHint]).toEqual(["refs/heads/main", null]);
    expect(await branchesOf(one.repository)).toEqual({ "refs/heads/main": bead.landedOid ?? "" });
    expect(await personGit(one.repository, "status", "--porcelain")).toBe("");
    expect(await readFile(join(one.repository, "notes/clean-merge.md"), "utf8")).toBe(
      "a line for clean-merge\n",
    );
  },
  LIMIT_MS,
);

test.skipIf(needsAgent)(
  "[D6] delivery merge, dirty checkout: not one byte of it changes, and the command that takes the work in is said and works",
  async () => {
    const one = caseOf("dirty", "merge");
    const { bead, review } = await landed(one);
    expect(bead.landedOn).toBe("refs/heads/gastown/landed/main");
    expect(review.landingHint).toBe("git merge --ff-only gastown/landed/main");
    expect(await checkoutBytes(one.repository)).toEqual(one.bytesBefore ?? {});
    expect(await branchesOf(one.repository)).toEqual({
      ...one.branchesBefore,
      "refs/heads/gastown/landed/main": bead.landedOid ?? "",
    });
    await personGit(one.repository, "stash", "--quiet");
    await personGit(one.repository, ...(review.landingHint ?? "").split(" ").slice(1));
    expect(await personGit(one.repository, "rev-parse", "main")).toBe(bead.landedOid ?? "none");
  },
  LIMIT_MS,
);

test.skipIf(needsAgent)(
  "[D6] a rig without a delivery publishes a branch; one without a target lands beside the branch a clone would check out",
  async () => {
    const repository = await makeRepository(join(town.dir, "trunk"), "bare", { branch: "trunk" });
    await personGit(repository, "branch", "main", "trunk");
    await cli("rig", "add", repository, "--no-code-review", "--gate", "check=true");
    expect(await untilJudged(town, "trunk")).toMatchObject({
      delivery: "branch",
      target: "trunk",
      state: "ready",
    });
    const before = await branchesOf(repository);
    const slung = await cli("sling", "trunk", "Note on the trunk", "--json");
    const bead = await untilLanded(town, (JSON.parse(slung) as { id: string }).id);
    expect(await branchesOf(repository)).toEqual({
      ...before,
      "refs/heads/gastown/landed/trunk": bead.landedOid ?? "",
    });
  },
  LIMIT_MS,
);
