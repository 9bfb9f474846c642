import initial from "./migrations/0000_initial.sql" with { type: "text" };
import core from "./migrations/0001_core.sql" with { type: "text" };

/** Migrations in order; `PRAGMA user_version` counts those that are applied. */
export const MIGRATIONS: readonly string[] = [initial, core];
