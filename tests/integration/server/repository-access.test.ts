// Which runner is given the credential of a rig's repository, for what, and until when.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { refuse, type RepositoryFrame, type RunSpec } from "../../../protocol/index.ts";
import { Scrub } from "../../../server/replay/scrub.ts";
import { openStage, HEAD, PlayedRunner, workDone, exit, type Stage } from "./stage.ts";

const REMOTE = "https://code.example.test/shop.git";
const SECRET = "ghp_a-token-of-this-repository-7Qz9";
const given = { credential: { username: "town", password: SECRET } };

let stage: Stage;
let near: PlayedRunner;
let far: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage();
  near = new PlayedRunner(stage);
  await near.hello({ name: "near", slots: 8 });
  rig = await stage.readyRig(near, { remote: REMOTE, codeReview: false });
  await give(SECRET);
  far = new PlayedRunner(stage);
  far.rights = [];
  await far.hello({ name: "far", local: false });
});
afterEach(() => stage[Symbol.asyncDispose]());

/** The rig has this token, and its baseline is green with it. */
async function give(password: string): Promise<void> {
  const before = stage.port.offers.length;
  await stage.do("credential.set", { rig, username: "town", password });
  const fact = { target: "main", targetOid: HEAD, green: true, gates: [], reason: null };
  await near.end(await stage.offered("baseline", before), { kind: "baseline", ...fact });
}

type Ask = Partial<Omit<RepositoryFrame, "connection">>;
const asks = (runner: PlayedRunner, spec: RunSpec | null, wish: Ask) =>
  stage.core.repository(runner.id, {
    ...{ connection: runner.connection, rigId: rig, remote: REMOTE, use: "read" },
    run: spec && { runId: spec.runId, fence: spec.fence },
    ...wish,
  });
const codeOf = async (...[runner, spec, wish]: Parameters<typeof asks>) => {
  const answer = await asks(runner, spec, wish);
  return answer.ok ? answer.value : answer.error.code;
};

test("[C2] a run of the rig may read and push while it is live, and lands nothing; another runner, rig or address gets nothing for it", async () => {
  await stage.do("bead.sling", { rig, title: "Sort" });
  const { spec } = await stage.offered("work");
  expect(await codeOf(near, spec, {})).toEqual(given);
  expect(await codeOf(near, spec, { use: "push" })).toEqual(given);
  expect(await codeOf(near, spec, { use: "merge" })).toBe("forbidden");
  expect(await codeOf(near, spec, { use: "purge" })).toBe("not_found");
  expect(await codeOf(far, spec, { use: "push" })).toBe("forbidden");
  const elsewhere = ["https://code.example.test/other.git", "https://evil.example.test/shop.git"];
  for (const remote of elsewhere) expect(await codeOf(near, spec, { remote })).toBe("forbidden");
  const other = await stage.do("rig.add", { remote: "https://code.example.test/b.git", name: "b" });
  const wish = { rigId: other.id, remote: other.remote };
  expect(await codeOf(near, spec, { ...wish, use: "push" })).toBe("forbidden");
  const old = { runId: spec.runId, fence: { ...spec.fence, n: spec.fence.n + 1 } };
  for (const use of ["read", "push", "save"] as const)
    expect(await codeOf(near, null, { use, run: old })).toBe("stale_fence");
});

test("[C2] after its end a run reads and pushes nothing; what it saved may still be copied and deleted by its runner alone", async () => {
  await stage.do("bead.sling", { rig, title: "Sort" });
  const { spec } = await stage.offered("work");
  await near.tell(spec, exit("lost"));
  for (const use of ["read", "push"] as const)
    expect(await codeOf(near, spec, { use })).toBe("stale_fence");
  expect(await codeOf(near, spec, { use: "save" })).toEqual(given);
  expect(await codeOf(far, spec, { use: "save" })).toBe("forbidden");
});

test("[C2] without a run a runner reads the rigs whose labels it has, and does nothing else there", async () => {
  expect(await codeOf(far, null, {})).toEqual(given);
  for (const use of ["push", "merge", "save"] as const)
    expect(await codeOf(far, null, { use })).toBe("forbidden");
  await stage.do("rig.update", { rig, set: { labels: ["inside"] } });
  expect(await codeOf(far, null, {})).toBe("forbidden");
  await stage.do("runner.label", { runner: far.id, labels: ["inside"] });
  expect(await codeOf(far, null, {})).toEqual(given);
});

test("[C2] [C7] landing needs the right to merge at the time of each push; a revoked runner is given nothing", async () => {
  await stage.do("bead.sling", { rig, title: "Sort" });
  await near.end(await stage.offered("work"), workDone);
  const fine = { green: true, gates: [], conflicts: [], reason: null };
  const check = await stage.offered("check");
  expect(await codeOf(near, check.spec, { use: "push" })).toBe("forbidden");
  await near.end(check, { kind: "checked", headOid: HEAD, ...fine });
  const { spec } = await stage.offered("merge");
  expect(await codeOf(near, spec, { use: "merge" })).toEqual(given);
  near.rights = ["model"];
  await stage.do("runner.rights", { runner: near.id, rights: ["model"] });
  expect(await codeOf(near, spec, { use: "merge" })).toBe("forbidden");
  await stage.core.revoked(far.tokenId);
  expect(await codeOf(far, null, {})).toBe("forbidden");
});

test("[C2] a changed credential is what the next operation of a run under way is given; one that is taken away is none", async () => {
  await stage.do("bead.sling", { rig, title: "Sort" });
  const { spec } = await stage.offered("work");
  const next = "ghp_the-next-token-of-it-1234";
  await stage.do("credential.set", { rig, username: "bot", password: next });
  expect(await codeOf(near, spec, { use: "push" })).toEqual({
    credential: { username: "bot", password: next },
  });
  await stage.restart();
  await near.hello({ name: "near", slots: 8, live: [{ ...spec, phase: "x", progressAgoMs: 0 }] });
  expect(await codeOf(near, spec, { use: "push" })).toEqual({
    credential: { username: "bot", password: next },
  });
  await stage.do("credential.remove", { rig });
  expect(await codeOf(near, spec, { use: "push" })).toEqual({ credential: null });
});

test("[C2] nobody reads a credential back: not in an image, the audit, the database, a recording or an answer", async () => {
  const set = { rig, username: "town", password: SECRET };
  const shown = await stage.do("credential.set", set);
  expect(shown.credential).toEqual({ username: "town", tail: "7Qz9" });
  const seen = JSON.stringify([shown, await stage.do("town.status", {}), stage.core.topic("town")]);
  expect(seen).not.toContain(SECRET);
  expect(JSON.stringify(new Scrub().body("credential.set", set))).not.toContain(SECRET);
  expect(JSON.stringify(new Scrub().body("credential.test", set))).not.toContain(SECRET);
  await stage.stop();
  for (const end of ["", "-wal"]) {
    const file = `${stage.databaseFile}${end}`;
    expect(await readFile(file, "latin1").catch(() => "")).not.toContain(SECRET);
  }
  await stage.open();
});

test("[C2] a credential is tried by git on a runner that may work for the rig, and what comes of it is said", async () => {
  await stage.do("rig.update", { rig, set: { labels: ["inside"] } });
  await stage.do("runner.label", { runner: far.id, labels: ["inside"] });
  const tried = await stage.do("credential.test", { rig, username: "town", password: "typed" });
  expect(tried).toEqual({ runner: far.id });
  expect(stage.port.tried).toMatchObject([
    { runnerId: far.id, frame: { credential: { username: "town", password: "typed" } } },
  ]);
  // The runner asks for the one that is kept, as it does for its work.
  await stage.do("credential.test", { rig });
  expect(stage.port.tried[1]).toMatchObject({ frame: { credential: null } });
  stage.port.answerTry = () => refuse("repository_auth", "It refuses the credential. Try another.");
  expect(await stage.codeOf("credential.test", { rig })).toBe("repository_auth");
  const plain = await stage.do("rig.add", { remote: "http://code.example.test/x.git", name: "x" });
  const refused = await stage.call("credential.set", { ...given.credential, rig: plain.id });
  expect(refused).toMatchObject({ ok: false, error: { code: "unsupported" } });
  expect(JSON.stringify(refused)).toContain("everybody on the way");
});

test("[C2] a rig's credential outlives the rig until its runners have removed what they have, each for its own order", async () => {
  let asked: unknown = null;
  const removed = Promise.withResolvers<void>();
  const { promise: goOn, resolve: letGo } = Promise.withResolvers<void>();
  const answers = stage.port.purge.bind(stage.port);
  stage.port.purge = async (runnerId, frame) => {
    if (runnerId === near.id) {
      asked = await codeOf(near, null, { use: "purge" });
      removed.resolve();
      await goOn;
    }
    return answers(runnerId, frame);
  };
  await stage.do("rig.remove", { rig });
  await stage.do("rig.purge", { rig });
  await removed.promise;
  expect(asked).toEqual(given);
  expect(await codeOf(near, null, {})).toBe("not_found");
  expect(await codeOf(near, null, { use: "purge", remote: "https://evil.test/x" })).toBe(
    "forbidden",
  );
  expect(keptSecrets()).toBe(1);
  letGo();
  // What a runner has done changes nothing that people see: nothing is told of it.
  while ((await codeOf(near, null, { use: "purge" })) !== "not_found") await stage.tick();
  while (keptSecrets() > 0) await stage.tick();
  expect(stage.port.purges.map(({ runnerId }) => runnerId).toSorted()).toEqual(
    [near.id, far.id].toSorted(),
  );
});

function keptSecrets(): number {
  using db = new Database(stage.databaseFile, { readonly: true });
  const sql = "select count(*) as n from secrets where id like 'secret:repository:%'";
  return db.query<{ n: number }, []>(sql).get()?.n ?? 0;
}
