import type { Rule } from "../../context.ts";
import type { RunnerView } from "../../snapshot.ts";

/** Suspicion in two steps: suspect gets no new offers, lost gives up its runs; neither while observing. */
export const watchSilence: Rule<RunnerView> = {
  id: "runner/watch-silence",
  why: "the runner has been silent",
  decide(runner, { s }) {
    // It is lost, whatever is heard of it.
    if (runner.revokedAt !== null) return null;
    const isObserving = s.observingUntil !== null && s.now < s.observingUntil;
    const silentMs = s.now - runner.lastSeenAt;
    const state =
      silentMs >= s.policy.runnerLostMs
        ? "lost"
        : silentMs >= s.policy.runnerSuspectMs
          ? "suspect"
          : "connected";
    if (state === runner.state || (state === "connected" && !runner.online)) return null;
    if (isObserving && state !== "connected") return null;
    // Its runs may have been replaced: only its voice brings it back.
    if (runner.state === "lost" && state === "suspect") return null;
    return {
      rule: this.id,
      key: runner.id,
      expect: [{ table: "runner", id: runner.id, state: runner.state }],
      actions: [{ do: "set_runner", runnerId: runner.id, state }],
    };
  },
};
