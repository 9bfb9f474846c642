/** Judges a model's failures over a run: which end it, which are waited for, and which were only a moment. */
import { MODEL_UNREACHABLE_MS_MAX, THROTTLED_ANSWERS_MAX } from "../../config.ts";
import type { ModelFailure } from "../../../protocol/model-api/model-failure.ts";
import type { TimeSource } from "../../clock.ts";
import { ending, type Ending } from "../live-run.ts";

/** A provider that asks for a longer pause is not waited for by this run. */
const RETRY_AFTER_MS_MAX = 2 * 60_000;

export class ModelStanding {
  /** Resolves when the run has to end because of its model. */
  readonly fatal: Promise<Ending>;
  readonly #clock: TimeSource;
  readonly #end: (ending: Ending) => void;
  #listener: (() => void) | null = null;
  #throttled = 0;
  #unreachableSince: number | null = null;

  constructor(clock: TimeSource) {
    this.#clock = clock;
    const { promise, resolve } = Promise.withResolvers<Ending>();
    this.fatal = promise;
    this.#end = resolve;
  }

  /** Called at every failure, fatal or not. */
  onFailure(listener: () => void): void {
    this.#listener = listener;
  }

  /** Whether the last call failed for a reason that waiting may mend. */
  get waiting(): boolean {
    return this.#throttled > 0 || this.#unreachableSince !== null;
  }

  answered(): void {
    this.#throttled = 0;
    this.#unreachableSince = null;
  }

  failed(failure: ModelFailure): void {
    this.#judge(failure);
    this.#listener?.();
  }

  #judge(failure: ModelFailure): void {
    const { kind, message, status, retryAfterMs } = failure;
    const more = { details: { status, retryAfterMs } };
    switch (kind) {
      case "auth":
        return this.#end(
          ending(
            "rejected",
            "model_auth",
            `The model's key is refused: ${message} Set a working key in the model settings.`,
            more,
          ),
        );
      case "model_missing":
        return this.#end(
          ending(
            "rejected",
            "model_unknown",
            `The endpoint does not have the model: ${message} Choose another in the model settings.`,
            more,
          ),
        );
      case "quota":
        return this.#end(
          ending("quota", "quota", `The model's quota is used up: ${message}`, more),
        );
      case "throttle":
        this.#throttled++;
        if (this.#throttled < THROTTLED_ANSWERS_MAX && (retryAfterMs ?? 0) <= RETRY_AFTER_MS_MAX)
          return;
        return this.#end(
          ending(
            "throttled",
            "throttled",
            `The model's provider asks to slow down: ${message}`,
            more,
          ),
        );
      case "unreachable":
        this.#unreachableSince ??= this.#clock.mono();
        if (this.#clock.mono() - this.#unreachableSince < MODEL_UNREACHABLE_MS_MAX) return;
        return this.#end(
          ending("rejected", "model_unreachable", `The model cannot be reached: ${message}`, more),
        );
      case "other":
        // A single odd answer: the agent tries again by itself, and its turn ends with an error if that does not help.
        return;
    }
  }
}
