import { afterEach, expect, test } from "bun:test";
import { ok } from "../../../protocol/error.ts";
import { bash, done, offerWork, polecat } from "./one-polecat.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
afterEach(() => stage.close());

test("[C17] a run whose key was changed asks once for the new one, and its agent works on", async () => {
  stage = await openStage(polecat(bash("echo hello > line.txt"), done));
  const { town } = stage;
  const answerNow = town.answerCredential;
  const old = { provider: "scripted", baseUrl: town.modelUrl, apiKey: "the-old-key" };
  town.answerCredential = () => (town.credentials.length === 1 ? ok(old) : answerNow());
  await stage.start();
  const { runId, fence } = await offerWork(stage);
  expect(await town.exitOf(runId)).toMatchObject({ outcome: "done" });
  expect(town.credentials).toMatchObject([
    { runId, fence },
    { runId, fence },
  ]);
  expect(JSON.stringify(town.facts)).not.toContain("the-old-key");
}, 90_000);
