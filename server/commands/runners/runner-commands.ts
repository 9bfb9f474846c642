/** Runners by a person's word. */
import { ok, refuse, RUNNER_RIGHTS, type Runner } from "../../../protocol/index.ts";
import { runnerImage } from "../../store/images/images.ts";
import { present } from "../../store/present.ts";
import { findRunner } from "../../store/refs.ts";
import type { Tx } from "../../store/tx.ts";
import { setRunnerAway, setRunnerLabels, setRunnerRights } from "../../store/writes/runners.ts";
import type { Apply } from "../command.ts";
import { distinctLabels } from "./labels.ts";

/** Nothing new for it; `run/evict-away` ends what it does. */
export const drainRunner: Apply<"runner.drain"> = (tx, { runner: ref, reason }) => {
  const runner = findRunner(tx.db, ref);
  if (!runner.ok) return runner;
  const { id, away, revokedAt } = runner.value;
  if (revokedAt !== null)
    return refuse("illegal_transition", "it was revoked: it gets nothing as it is.");
  if (away !== null)
    return refuse("illegal_transition", "it is away already: resume it to give it work.");
  setRunnerAway(tx, id, { at: tx.now, by: tx.actor, reason });
  return ok(shown(tx, id));
};

export const resumeRunner: Apply<"runner.resume"> = (tx, { runner: ref }) => {
  const runner = findRunner(tx.db, ref);
  if (!runner.ok) return runner;
  const { id, away } = runner.value;
  if (away === null)
    return refuse("illegal_transition", "it is not away: there is nothing to resume.");
  setRunnerAway(tx, id, null);
  return ok(shown(tx, id));
};

/** Kept with its token too: an old backup of the town gives nothing back that was taken. */
export const setRights: Apply<"runner.rights"> = (tx, { runner: ref, rights }, { auth }) => {
  const runner = findRunner(tx.db, ref);
  if (!runner.ok) return runner;
  const { id, tokenId, revokedAt } = runner.value;
  if (revokedAt !== null)
    return refuse("illegal_transition", "it was revoked: it gets nothing as it is.");
  const distinct = RUNNER_RIGHTS.filter((right) => rights.includes(right));
  auth.setTokenRights(tokenId, distinct);
  setRunnerRights(tx, id, distinct);
  return ok(shown(tx, id));
};

export const labelRunner: Apply<"runner.label"> = (tx, { runner: ref, labels }) => {
  const runner = findRunner(tx.db, ref);
  if (!runner.ok) return runner;
  setRunnerLabels(tx, runner.value.id, distinctLabels(labels));
  return ok(shown(tx, runner.value.id));
};

function shown(tx: Tx, id: string): Runner {
  return present(runnerImage(tx.db, id), `runner ${id}`);
}
