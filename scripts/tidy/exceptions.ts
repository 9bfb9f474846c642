// The exceptions from the tidy checks. This table may only shrink.
import type { Exception } from "./finding.ts";

export const exceptions: readonly Exception[] = [
  {
    check: "forbidden-words",
    path: "gastown",
    because: "the public default of npm_config_registry, for a machine that has curl and no npm",
  },
];
