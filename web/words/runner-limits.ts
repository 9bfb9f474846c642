/** What a runner is not given, and why. Pure. */
import type { Rig, Runner } from "../../protocol/index.ts";

/** Short sentences without an end; what its state and its host say is told elsewhere. */
export function limitsOf(runner: Runner, rigs: readonly Rig[]): string[] {
  if (runner.revokedAt !== null) return [];
  const limits = [];
  if (!runner.rights.includes("model"))
    limits.push("its agents call the model through the town: it may not have the key");
  if (!runner.rights.includes("merge")) limits.push("gets no landings: it may not merge");
  for (const { name, labels } of rigs) {
    const missing = labels.filter((label) => !runner.labels.includes(label));
    if (missing.length > 0) limits.push(`not for rig ${name}, which wants ${missing.join(", ")}`);
  }
  return limits;
}
