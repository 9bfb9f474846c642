import { refuse } from "../../protocol/error.ts";
import {
  transportContract,
  type TransportStage,
} from "../../tests/contract/transport/transport.contract.ts";
import { SimClock } from "../clock.ts";
import { runUntil } from "../steps.ts";
import { Life } from "./life.ts";
import { simTransport, type RunnerLine } from "./network.ts";

transportContract("in memory", () => {
  const clock = new SimClock();
  const life = new Life({
    ...{ clock, watch: () => undefined },
    latencyMs: () => 1,
    lingers: () => null,
  });
  const gone = Promise.withResolvers<void>();
  let line: RunnerLine | null = null;
  const stage: TransportStage = {
    transport: simTransport({
      ...{ life, clock },
      fate: () => ({ delayMs: 2, lost: false, doubled: false }),
      town: {
        open: (runner) => {
          if (stage.refusal !== null) return { refusal: stage.refusal };
          line = runner;
          const take: TransportStage["answer"] = (event, frame) => stage.answer(event, frame);
          return { line: { take, gone: () => gone.resolve() } };
        },
      },
    }),
    answer: () => Promise.resolve(refuse("internal", "No answer was written.")),
    refusal: null,
    ask: (event, frame) => line?.ask(event, frame) ?? Promise.resolve(null),
    cut: () => line?.cut("cut"),
    gone: gone.promise,
    settle: async (promise) => {
      let settled = false;
      void promise.finally(() => (settled = true));
      await runUntil(clock, () => settled, 1_000);
      return promise;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return Promise.resolve(stage);
});
