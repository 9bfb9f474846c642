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

/** What a person adds to a command to mean the town in this directory: nothing for the town of his own. */
export function dataFlag(dataDir: string): string {
  if (dataDir === dataDirOf({})) return "";
  return dataDir === dataDirOf({ demo: true }) ? " --demo" : ` --data ${dataDir}`;
}
