/** Moments that a process must have died at: around commits, effects, syncs of the spool, and calls of its ports. */

const FRAMES = ["offer", "stop", "turn", "mail"];

export const townCrashPoints: readonly string[] = [
  "before commit",
  "after commit",
  ...FRAMES.flatMap((effect) => [`before send ${effect}`, `after send ${effect}`]),
];

export const runnerCrashPoints: readonly string[] = [
  "before commit",
  "after commit",
  ...["facts", "hello", "heartbeat", "tool"].flatMap((frame) => [
    `before ask ${frame}`,
    `after ask ${frame}`,
  ]),
  ...FRAMES.flatMap((frame) => [`before take ${frame}`, `after take ${frame}`]),
  ...["works.refs.push", "commands.run"].flatMap((call) => [
    `before ${call}`,
    `within ${call}`,
    `after ${call}`,
  ]),
];
