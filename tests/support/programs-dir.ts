// Where the agent programs are that only tests bring along: in a package of their own, because the town does without.
import { join } from "node:path";
import { repositoryRoot } from "./town-process.ts";

/** Its `node_modules` holds them; `./gastown test` installs it. */
export const programsDir = join(repositoryRoot, "tests", "programs");
