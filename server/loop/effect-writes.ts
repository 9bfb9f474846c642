import type { EffectWrites } from "../effects/effect-writes.ts";
import { confirmEffect, retryEffect } from "../store/writes/outbox.ts";
import { advanceRun, endRun, orderStop } from "../store/writes/runs.ts";

/** What the executor may write, inside the loop's transaction. */
export const effectWrites: EffectWrites = {
  confirm: confirmEffect,
  retry: retryEffect,
  advanceRun,
  endRun,
  orderStop,
};
