// A SIGKILL of the agent's process at each moment: see kills.ts.
import { testKillsOf } from "./kills.ts";

testKillsOf("kilo serve");
