// What a rig's people give its runs, on a real host: variables, secrets, copied files, ports, teardown.
import { afterEach, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NO_ENVIRONMENT, type RunEnvironment } from "../../../protocol/entities/rig-environment.ts";
import { ok, refuse } from "../../../protocol/error.ts";
import { personGit, write } from "../../support/git-rig.ts";
import { bash, done, offerWork, polecat, shownIn } from "./one-polecat.ts";
import { baselineSpec, rigSpec } from "./specs.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
afterEach(() => stage.close());

const AGENT_TIMEOUT_MS = 90_000;
const SECRET = "very-secret-registry-token";
const gate = (command: string) => ({ name: "looks", command, timeoutMs: 10_000 });

/** Runs a baseline and answers what it found, with the notices of its run. */
async function baseline(
  environment: Partial<RunEnvironment>,
  rig: { gate?: string; setup?: string } = {},
) {
  const spec = baselineSpec(
    rigSpec(stage.remoteDir, {
      environment: { ...NO_ENVIRONMENT, ...environment },
      gates: rig.gate === undefined ? [] : [gate(rig.gate)],
      setup: rig.setup ?? null,
    }),
  );
  await stage.town.until(() => stage.town.hellos[0]);
  expect(await stage.town.offer(spec)).toEqual({ ok: true, value: { accepted: true } });
  await stage.town.exitOf(spec.runId);
  const [found] = stage.town.of("baseline", spec.runId);
  if (found === undefined) throw new Error("the baseline told nothing");
  const notices = stage.town
    .of("events", spec.runId)
    .flatMap(({ events }) =>
      events.flatMap(({ body }) => (body.kind === "notice" ? body.text : [])),
    );
  return { spec, found, notices };
}

test("[C25] setup gets variables and secrets, gates only the secrets that are for them, and no log shows one", async () => {
  stage = await openStage();
  stage.town.answerSecrets = () => ok({ values: { TOKEN: SECRET, DEPLOY: "deploy-secret-1" } });
  await stage.start();
  const { found } = await baseline(
    {
      variables: { MODE: "fast" },
      secrets: [
        { name: "TOKEN", gates: true },
        { name: "DEPLOY", gates: false },
      ],
    },
    {
      setup: 'test "$MODE $TOKEN $DEPLOY" = "fast very-secret-registry-token deploy-secret-1"',
      gate: 'test "$MODE" = fast && test "${DEPLOY-none}" = none && echo "token $TOKEN"; exit 1',
    },
  );
  expect(found.gates).toMatchObject([{ name: "looks", ok: false, log: "token [secret TOKEN]\n" }]);
  expect(JSON.stringify(stage.town.facts)).not.toContain(SECRET);
  expect(stage.town.secretFrames).toHaveLength(1);
});

test("[C25] without the town's answer a command that needs a secret is not run, and nothing is said of the tree", async () => {
  stage = await openStage();
  stage.town.answerSecrets = () => refuse("secret_unreadable", "The secret cannot be read.");
  await stage.start();
  const secrets = [{ name: "TOKEN", gates: false }];
  const { found } = await baseline({ secrets }, { setup: "true" });
  expect(found).toMatchObject({
    green: null,
    reason: { code: "gate_infrastructure", message: "The secret cannot be read." },
  });
});

test("[C22] each run has a block of ports of its own, told to the town and to its commands", async () => {
  stage = await openStage();
  await stage.start();
  const gateLine =
    'test "$PORT" = "$GASTOWN_PORT_1" && test "$GASTOWN_PORT_3" = $((PORT + 2)) && echo "$PORT"; exit 1';
  const first = await baseline({ ports: 3 }, { gate: gateLine });
  const [told] = stage.town.of("ports", first.spec.runId);
  expect(told?.count).toBe(3);
  expect(first.found.gates[0]?.log).toBe(`${told?.first}\n`);
});

test("[C22] a copied file is in the tree with its mode, and one that is tracked, missing or no file stops the rig", async () => {
  stage = await openStage();
  await stage.start();
  const host = join(stage.dir, "host");
  await mkdir(host);
  await writeFile(join(host, "local.env"), "KEY=1\n", { mode: 0o755 });
  const from = join(host, "local.env");
  const good = await baseline(
    { copies: [{ from, to: "config/deep/local.env" }] },
    { gate: "test -x config/deep/local.env && grep -q KEY=1 config/deep/local.env" },
  );
  expect(good.found).toMatchObject({ green: true });
  for (const [copy, why] of [
    [{ from, to: "src/a.txt" }, "tracks src/a.txt itself"],
    [{ from, to: "README.md/local.env" }, "README.md is no folder"],
    [{ from: join(host, "missing"), to: "local.env" }, "cannot be read"],
    [{ from: host, to: "local.env" }, "is no file"],
  ] as const) {
    const { found } = await baseline({ copies: [copy] }, { gate: "true" });
    expect(found).toMatchObject({
      green: null,
      reason: { code: "copied_file", message: expect.stringContaining(why) },
    });
  }
});

test("[C22] teardown runs in a tree where commands have run, and one that fails is only told", async () => {
  stage = await openStage();
  await stage.start();
  const { found, notices } = await baseline(
    { teardown: "echo left by $(cat made); exit 3" },
    { setup: "echo setup > made" },
  );
  expect(found.green).toBe(true);
  expect(notices).toEqual(["Teardown ended with 3. left by setup"]);
});

test(
  "[C22] [C25] an agent has variables, ports and copied files, no secret, and nothing that was copied leaves its tree",
  async () => {
    stage = await openStage(
      polecat(
        bash('echo "$MODE $PORT ${TOKEN-none} $(cat .env)" > seen.txt'),
        bash("git add -f .env && git commit -qm 'With the file' && git rm -q --cached .env"),
        done,
      ),
    );
    stage.town.answerSecrets = () => ok({ values: { TOKEN: SECRET } });
    const from = join(stage.dir, "host.env");
    await writeFile(from, "KEY=local\n");
    await stage.start();
    const environment = {
      ...NO_ENVIRONMENT,
      variables: { MODE: "fast" },
      secrets: [{ name: "TOKEN", gates: true }],
      copies: [{ from, to: ".env" }],
      ports: 1,
      teardown: `cp seen.txt "$HOME/.." ; rm -rf src README.md`,
    };
    const spec = await offerWork(stage, {}, { environment, setup: 'test -n "$TOKEN"' });
    expect(await stage.town.exitOf(spec.runId)).toMatchObject({ outcome: "done" });
    const [told] = stage.town.of("work_done", spec.runId);
    const port = stage.town.of("ports", spec.runId)[0]?.first;
    expect(await shownIn(stage, spec, told?.headOid ?? "", "seen.txt")).toBe(
      `fast ${port} none KEY=local`,
    );
    // What the teardown took away was saved before.
    expect(await shownIn(stage, spec, told?.headOid ?? "", "README.md")).toBe("# Sample");
    const objects = await personGit(
      stage.remoteDir,
      ...["log", "--all", "--format=", "--name-only"],
    );
    expect(objects.split("\n")).not.toContain(".env");
    expect(objects).toContain("seen.txt");
  },
  AGENT_TIMEOUT_MS,
);

test("[C22] a link of the repository in a copied file's way is refused, not followed", async () => {
  stage = await openStage();
  const work = join(stage.dir, "linking");
  await personGit(stage.dir, "clone", "--quiet", stage.remoteDir, work);
  await write(work, "other/x.txt", "x\n");
  await personGit(work, "config", "core.symlinks", "true");
  await Bun.spawn(["ln", "-s", stage.dir, join(work, "config")]).exited;
  await personGit(work, "add", "-A");
  await personGit(work, "commit", "--quiet", "-m", "Link");
  await personGit(work, "push", "--quiet", "origin", "HEAD:main");
  const from = join(stage.dir, "host.env");
  await writeFile(from, "KEY=1\n");
  await stage.start();
  const { found } = await baseline(
    { copies: [{ from, to: "config/escaped.env" }] },
    { gate: "true" },
  );
  expect(found).toMatchObject({ green: null, reason: { code: "copied_file" } });
  expect(await Bun.file(join(stage.dir, "escaped.env")).exists()).toBe(false);
});
