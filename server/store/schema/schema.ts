/** All tables, for drizzle and for the migration generator. */
export * from "./attention.ts";
export * from "./beads.ts";
export * from "./limits.ts";
export * from "./molecules.ts";
export * from "./runs.ts";
export * from "./snapshots.ts";
export * from "./town.ts";
