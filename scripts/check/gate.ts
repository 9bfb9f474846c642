// A gate: one thing that must hold before a change is good, and how it tells what does not.

/** `note` is a few words for the line of a gate that passed; `details` are the lines shown when it failed. */
export type GateResult = { ok: true; note: string } | { ok: false; details: string[] };

export interface Gate {
  name: string;
  /** Checks the tree at `root`. Whatever is wrong with the tree is a result; a throw is a bug of the gate. */
  run(root: string): Promise<GateResult>;
}

export interface GateOutcome {
  name: string;
  result: GateResult;
  elapsedMs: number;
}

/** Runs gates, at most `atOnce` together and in the given order, and calls `onEnd` as each one ends. */
export async function runGates(
  gates: readonly Gate[],
  root: string,
  atOnce: number,
  onEnd: (outcome: GateOutcome) => void,
): Promise<GateOutcome[]> {
  const waiting = [...gates];
  const outcomes: GateOutcome[] = [];
  const worker = async (): Promise<void> => {
    for (let gate = waiting.shift(); gate; gate = waiting.shift()) {
      const startedMs = performance.now();
      const result = await gate.run(root);
      const outcome = { name: gate.name, result, elapsedMs: performance.now() - startedMs };
      outcomes.push(outcome);
      onEnd(outcome);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return outcomes;
}
