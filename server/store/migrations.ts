import initial from "./migrations/0000_initial.sql" with { type: "text" };

/** Migrations in order; `PRAGMA user_version` counts those that are applied. */
export const MIGRATIONS: readonly string[] = [initial];
