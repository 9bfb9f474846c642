// What must be done even when a bench is interrupted: its processes end, its gigabytes go.

const acts = new Set<() => void>();
let isArmed = false;

/** Runs `act` when this process ends, by itself or by a signal, unless the function it returns was called before. */
export function atEnd(act: () => void): () => void {
  if (!isArmed) {
    isArmed = true;
    process.once("exit", runAll);
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
  }
  acts.add(act);
  return () => void acts.delete(act);
}

function runAll(): void {
  for (const act of acts) act();
}
