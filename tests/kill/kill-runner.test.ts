// A SIGKILL of the runner's process at each moment: see kills.ts.
import { testKillsOf } from "./kills.ts";

testKillsOf("runner");
