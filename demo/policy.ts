/**
 * The demo's own policy. An agent of the scripted model that says nothing is silent on purpose, so
 * the town need not wait as long as for a real one; two slots suit the two beads that start at once.
 * - `silenceMs`: no word in mid-turn for this long, and the ladder's first step is taken
 * - `firstTokenMs`: the same before a turn's first word; agents starting on a loaded machine need it
 * - `slots`: agents at work at the same time
 */
export const DEMO_POLICY = { silenceMs: 12_000, firstTokenMs: 45_000, slots: 2 } as const;
export type DemoPolicy = typeof DEMO_POLICY;
