/** The wire: the only barrel of the project. Imports zod and nothing else. */
export * from "./attention.ts";
export * from "./bead.ts";
export * from "./commands.ts";
export * from "./commands/explain.ts";
export * from "./error.ts";
export * from "./facts.ts";
export * from "./ids.ts";
export * from "./limits.ts";
export * from "./review.ts";
export * from "./run.ts";
export * from "./run-spec.ts";
export * from "./runner-frames.ts";
export * from "./socket-events.ts";
export * from "./stream.ts";
export * from "./time.ts";
export * from "./topics.ts";
export * from "./version.ts";
