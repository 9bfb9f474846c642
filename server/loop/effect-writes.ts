import type { EffectWrites } from "../effects/effect-writes.ts";
import { moveMail } from "../store/writes/attention/mails.ts";
import { confirmEffect, retryEffect } from "../store/writes/outbox.ts";
import { markLeaving } from "../store/writes/runners.ts";
import { advanceRun, endRun, orderStop } from "../store/writes/runs.ts";
import { forgetSaved } from "../store/writes/saved/saved-refs.ts";

import { purgeDone } from "../store/writes/trash/purge-rig.ts";
import { tellKept } from "../store/writes/trash/kept.ts";

/** What the executor may write, inside the loop's transaction. */
export const effectWrites: EffectWrites = {
  confirm: confirmEffect,
  retry: retryEffect,
  advanceRun,
  endRun,
  forgetSaved,
  tellKept,
  purgeDone,
  markLeaving,
  mailDelivered: (tx, id) => void moveMail(tx, id, "delivered", "its runner has it"),
  orderStop,
};
