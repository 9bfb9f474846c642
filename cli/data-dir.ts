/** Where a town keeps what it knows. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The directory asked for, else the user's own: one for the town, another for the demo. */
export function dataDirOf(options: {
  data?: string | undefined;
  demo?: boolean | undefined;
}): string {
  if (options.data !== undefined) return resolve(options.data);
  const home = process.env["XDG_DATA_HOME"] ?? join(homedir(), ".local", "share");
  return join(home, "gastown", options.demo === true ? "demo" : "town");
}
