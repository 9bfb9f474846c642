/** Runs a rig's teardown in a tree that goes. Its work is saved before: whatever the command does, nothing is lost. */
import { TEARDOWN_TIMEOUT_MS } from "../config.ts";
import { commandEnvironment } from "./gates.ts";
import type { LiveRun } from "./live-run.ts";
import type { CommandPlace } from "../works/commands.ts";
import type { Workplace } from "./workplace.ts";

const SHOWN_CHARS_MAX = 500;

/** A teardown that fails is told in the run's stream and changes nothing else. */
export async function tearDown(
  place: Workplace,
  run: LiveRun,
  where: Pick<CommandPlace, "treeDir" | "homeDir" | "tmpDir" | "readOnly">,
): Promise<void> {
  const line = "rig" in run.spec ? run.spec.rig.environment.teardown : null;
  if (line === null) return;
  const given = await commandEnvironment(place, run, "setup");
  if (!given.ok) return run.notice("warning", `Teardown was not run: ${given.error.message}`);
  const end = await place.commands.run({
    runId: run.spec.runId,
    line,
    place: where,
    env: given.value,
    network: "host",
    timeoutMs: TEARDOWN_TIMEOUT_MS,
    // A run that was stopped is torn down all the same.
    signal: new AbortController().signal,
  });
  if (end.kind === "not_started")
    return run.notice("warning", `Teardown was not run: ${end.message}`);
  if (end.exit.code === 0) return;
  const said = run.given.hide(end.output).trim().slice(-SHOWN_CHARS_MAX);
  const how = end.exit.timedOut ? "took too long" : `ended with ${end.exit.code ?? "a signal"}`;
  run.notice("warning", `Teardown ${how}. ${said}`);
}
