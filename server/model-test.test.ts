import { afterEach, beforeEach, expect, test } from "bun:test";
import { defaultScript } from "../scripted/default-script.ts";
import { startScriptedModel, type ScriptedModel } from "../scripted/server.ts";
import { testModel, type ModelEndpoint } from "./model-test.ts";

const clock = { now: () => Date.now(), mono: () => performance.now() };
let model: ScriptedModel;
let endpoint: ModelEndpoint;
beforeEach(() => {
  model = startScriptedModel({ script: defaultScript, apiKey: "right", models: ["known"] });
  endpoint = { provider: "openai-compatible", baseUrl: model.url, key: "right", model: "known" };
});
afterEach(() => model.stop());

async function codeOf(change: Partial<ModelEndpoint>): Promise<string> {
  const result = await testModel({ ...endpoint, ...change }, clock);
  return result.ok ? "ok" : result.error.code;
}

test("[A2] a model that answers is told with its answer", async () => {
  const result = await testModel(endpoint, clock);
  expect(result).toMatchObject({ ok: true, value: { model: "known" } });
});

test("[A2] a wrong key, an unknown model, a wrong and a dead address are told apart", async () => {
  expect(await codeOf({ key: "wrong" })).toBe("model_auth");
  expect(await codeOf({ key: null })).toBe("model_auth");
  expect(await codeOf({ model: "unknown" })).toBe("model_unknown");
  expect(await codeOf({ baseUrl: `${model.url}/elsewhere` })).toBe("model_unknown");
  await model.stop();
  expect(await codeOf({})).toBe("model_unreachable");
});
