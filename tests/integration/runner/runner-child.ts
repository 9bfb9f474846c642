/** A runner as a process of its own, for tests that kill it: `bun runner-child.ts TOWN_URL DATA_DIR`. */
import { startRunner } from "../../../runner/main.ts";

const [townUrl = "", dataDir = ""] = process.argv.slice(2);
const runner = await startRunner({
  townUrl,
  version: "1.2.3",
  token: "runner-token",
  dataDir,
  slots: 2,
  name: "child",
  local: true,
});
process.on("SIGTERM", () => void runner.stop("asked to end"));
process.exit(await runner.stopped);
