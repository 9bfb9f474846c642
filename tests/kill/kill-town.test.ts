// A SIGKILL of the town's process at each moment: see kills.ts.
import { testKillsOf } from "./kills.ts";

testKillsOf("town");
