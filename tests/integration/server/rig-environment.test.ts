// What a rig's people give its runs: kept, offered, and secrets shown to nobody but the runner of a live run.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Scrub } from "../../../server/replay/scrub.ts";
import { exit, openStage, PlayedRunner, type Stage } from "./stage.ts";

const SECRET = "registry-token-0123456789";
let stage: Stage;
let runner: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage();
  runner = new PlayedRunner(stage);
  await runner.hello();
  rig = await stage.readyRig(runner);
});
afterEach(() => stage[Symbol.asyncDispose]());

const rigNow = async () => {
  const found = (await stage.do("rig.list", {})).find(({ id }) => id === rig);
  if (!found) throw new Error("no rig");
  return found;
};

/** The baseline that a felt change asks for, green. */
async function baselineAgain(before: number) {
  const offer = await stage.offered("baseline", before);
  const fact = { target: "main", targetOid: "c".repeat(40), green: true, gates: [], reason: null };
  await runner.end(offer, { kind: "baseline", ...fact });
  return offer;
}

test("[C25] variables, files, ports and words are kept, and the next offer carries them; words alone run no baseline", async () => {
  const before = stage.port.offers.length;
  const variables = { MODE: "fast" };
  const copies = [{ from: "/home/ada/.env", to: ".env" }];
  const changed = await stage.do("rig.update", {
    rig,
    set: { variables, copies, ports: 4, teardown: "make down" },
  });
  expect(changed).toMatchObject({
    state: "checking",
    environment: { variables, copies, ports: 4, teardown: "make down", version: 1 },
  });
  const { spec } = await baselineAgain(before);
  expect(spec.rig.environment).toMatchObject({ variables, copies, ports: 4, version: 1 });
  await stage.until(async () => ((await rigNow()).state === "ready" ? true : undefined));
  const told = await stage.do("rig.update", {
    rig,
    set: { instructions: { polecat: "Tests first." }, variables },
  });
  expect(told).toMatchObject({
    state: "ready",
    environment: { instructions: { polecat: "Tests first.", refinery: null }, version: 1 },
  });
});

test("[C25] MCP servers are kept by role and offered, without a baseline; names that would be taken for others are refused", async () => {
  const before = stage.port.offers.length;
  const polecat = { docs: "node docs.js" };
  const changed = await stage.do("rig.update", { rig, set: { toolServers: { polecat } } });
  expect(changed).toMatchObject({
    state: "ready",
    environment: { toolServers: { polecat, refinery: {} }, version: 0 },
  });
  const refinery = { look: "look --at main" };
  await stage.do("rig.update", { rig, set: { toolServers: { refinery } } });
  expect((await rigNow()).environment.toolServers).toEqual({ polecat, refinery });
  for (const name of ["gastown", "gt-more", "mcp", "Docs", "a_b", "a".repeat(21)])
    expect(
      await stage.codeOf("rig.update", { rig, set: { toolServers: { polecat: { [name]: "x" } } } }),
    ).toBe("invalid_body");
  await stage.do("bead.sling", { rig, title: "One" });
  const { spec } = await stage.offered("work", before);
  expect(spec.rig.environment.toolServers).toEqual({ polecat, refinery });
});

test("[C25] a baseline of another environment says nothing of the rig", async () => {
  const before = stage.port.offers.length;
  await stage.do("rig.recheck", { rig });
  const stale = await stage.offered("baseline", before);
  await stage.do("rig.update", { rig, set: { variables: { MODE: "slow" } } });
  const fact = { target: "main", targetOid: "c".repeat(40), green: true, gates: [], reason: null };
  await runner.end(stale, { kind: "baseline", ...fact });
  const next = await stage.until(() =>
    stage.port.offers.findLast(
      ({ spec }) => spec.kind === "baseline" && spec.runId !== stale.spec.runId,
    ),
  );
  expect(next.spec).toMatchObject({ rig: { environment: { variables: { MODE: "slow" } } } });
  expect((await rigNow()).state).toBe("checking");
});

test("[C25] a secret is sealed, and neither offers, feed, log nor a recording hold it", async () => {
  const before = stage.port.offers.length;
  const body = { rig, name: "NPM_TOKEN", value: SECRET, gates: false };
  const shown = await stage.do("rig.secret", body);
  expect(shown.environment.secrets).toEqual([{ name: "NPM_TOKEN", tail: "6789", gates: false }]);
  const { spec } = await baselineAgain(before);
  expect(spec.rig.environment.secrets).toEqual([{ name: "NPM_TOKEN", gates: false }]);
  expect(JSON.stringify(stage.port.offers)).not.toContain(SECRET);
  expect(JSON.stringify([stage.core.topic("town"), stage.debugs])).not.toContain(SECRET);
  expect(JSON.stringify(new Scrub().body("rig.secret", body))).not.toContain(SECRET);
  await stage.stop();
  for (const name of await readdir(stage.dir.path))
    if (/\.db/.test(name))
      expect((await readFile(join(stage.dir.path, name))).includes(SECRET)).toBe(false);
  await stage.open();
});

test("[C25] a runner gets the secrets for its live run of that rig, by its fence, and for nothing else", async () => {
  await stage.do("rig.secret", { rig, name: "NPM_TOKEN", value: SECRET });
  const before = stage.port.offers.length;
  const other = await stage.do("rig.add", { remote: "/nowhere/other", name: "other" });
  const mine = await stage.offered("baseline");
  expect([rig, other.id]).toContain(mine.spec.rig.id);
  const offers = await stage.until(() => {
    const found = new Map(
      stage.port.offers.flatMap(({ spec }) =>
        spec.kind === "baseline" ? [[spec.rig.id, spec] as const] : [],
      ),
    );
    const [one, two] = [found.get(rig), found.get(other.id)];
    return one && two && stage.port.offers.length > before ? { one, two } : undefined;
  });
  const ask = (spec: typeof offers.one, fence = spec.fence) =>
    stage.core.secrets(runner.id, { connection: runner.connection, runId: spec.runId, fence });
  expect(await ask(offers.one)).toEqual({ ok: true, value: { values: { NPM_TOKEN: SECRET } } });
  expect(await ask(offers.two)).toEqual({ ok: true, value: { values: {} } });
  const older = { ...offers.one.fence, n: offers.one.fence.n + 1 };
  expect(await ask(offers.one, older)).toMatchObject({ error: { code: "stale_fence" } });
  await runner.tell(offers.one, exit("crashed"));
  expect(await ask(offers.one)).toMatchObject({ error: { code: "stale_fence" } });
});

test("[C25] a name is a variable or a secret, and a secret that goes is forgotten with its rig's", async () => {
  await stage.do("rig.secret", { rig, name: "TOKEN", value: "short" });
  expect((await rigNow()).environment.secrets[0]?.tail).toBe("");
  expect(await stage.codeOf("rig.update", { rig, set: { variables: { TOKEN: "x" } } })).toBe(
    "invalid_body",
  );
  await stage.do("rig.update", { rig, set: { variables: { MODE: "x" } } });
  expect(await stage.codeOf("rig.secret", { rig, name: "MODE", value: "y" })).toBe("invalid_body");
  const gone = await stage.do("rig.secret", { rig, name: "TOKEN", value: null });
  expect(gone.environment.secrets).toEqual([]);
  expect(await stage.codeOf("rig.secret", { rig, name: "TOKEN", value: null })).toBe("not_found");
});

test("[C22] the ports of a run are shown with it", async () => {
  const before = stage.port.offers.length;
  await stage.do("rig.recheck", { rig });
  const { spec } = await stage.offered("baseline", before);
  await runner.tell(spec, { kind: "ports", first: 21_000, count: 3 });
  const shown = await stage.until(async () => {
    const { ports } = await stage.do("run.get", { run: spec.runId });
    return ports ?? undefined;
  });
  expect(shown).toEqual({ first: 21_000, count: 3 });
});
