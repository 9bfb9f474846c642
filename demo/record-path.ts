import { join } from "node:path";

/** The file in which a data directory remembers its demo. Apart, so that a start without a demo loads none of it. */
export function demoRecordPath(dataDir: string): string {
  return join(dataDir, "demo.json");
}
