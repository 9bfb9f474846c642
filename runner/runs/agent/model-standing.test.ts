import { expect, test } from "bun:test";
import type { ModelFailure, ModelFailureKind } from "../../../protocol/model-api/model-failure.ts";
import { MODEL_UNREACHABLE_MS_MAX, THROTTLED_ANSWERS_MAX } from "../../config.ts";
import { ModelStanding } from "./model-standing.ts";

const failure = (kind: ModelFailureKind, retryAfterMs: number | null = null): ModelFailure => ({
  kind,
  status: 400,
  message: "no",
  retryAfterMs,
});
function standing() {
  const clock = { ms: 0, now: () => clock.ms, mono: () => clock.ms };
  return { clock, model: new ModelStanding(clock) };
}
/** The ending, if there is one by now. */
const fatal = (model: ModelStanding) => Promise.race([model.fatal, Promise.resolve(null)]);

test.each([
  ["auth", "rejected", "model_auth"],
  ["model_missing", "rejected", "model_unknown"],
  ["quota", "quota", "quota"],
] as const)(
  "[C16] a model failure of kind %s ends the run at once as %s (%s)",
  async (kind, outcome, code) => {
    const { model } = standing();
    model.failed(failure(kind));
    expect(await fatal(model)).toMatchObject({ outcome, reason: { code } });
  },
);

test("[C16] throttled answers end a run only in a row, or when the provider asks for long", async () => {
  const { model } = standing();
  for (let n = 1; n < THROTTLED_ANSWERS_MAX; n++) model.failed(failure("throttle", 1_000));
  expect(model.waiting).toBe(true);
  model.answered();
  expect(model.waiting).toBe(false);
  for (let n = 1; n < THROTTLED_ANSWERS_MAX; n++) model.failed(failure("throttle", 1_000));
  expect(await fatal(model)).toBeNull();
  model.failed(failure("throttle", 1_000));
  expect(await fatal(model)).toMatchObject({ outcome: "throttled" });
  const { model: asked } = standing();
  asked.failed(failure("throttle", 3_600_000));
  expect(await fatal(asked)).toMatchObject({ outcome: "throttled" });
});

test("[C16] a model that cannot be reached is waited for, but not for ever", async () => {
  const { model, clock } = standing();
  model.failed(failure("unreachable"));
  clock.ms = MODEL_UNREACHABLE_MS_MAX - 1;
  model.failed(failure("unreachable"));
  expect(await fatal(model)).toBeNull();
  clock.ms = MODEL_UNREACHABLE_MS_MAX;
  model.failed(failure("unreachable"));
  expect(await fatal(model)).toMatchObject({
    outcome: "rejected",
    reason: { code: "model_unreachable" },
  });
});

test("[C16] an odd answer ends nothing", async () => {
  const { model } = standing();
  for (let n = 0; n < 50; n++) model.failed(failure("other"));
  expect([await fatal(model), model.waiting]).toEqual([null, false]);
});
