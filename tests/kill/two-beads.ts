// The demo of two dependent beads in a data directory.
import { join } from "node:path";
import type { DemoBead } from "../../demo/beads.ts";
import { twoBeadScript } from "../../demo/demo-script.ts";
import { writeDemoRecord } from "../../demo/record.ts";
import { createSampleRepository, type SampleRepository } from "../../demo/sample-repository.ts";

export interface TwoBeads {
  sample: SampleRepository;
  beads: readonly DemoBead[];
}

/** Makes the demo that `gastown up --data` plays, before its first start. */
export async function prepareTwoBeads(dataDir: string, seed: number): Promise<TwoBeads> {
  const sample = await createSampleRepository({ dir: join(dataDir, "sample"), seed });
  await writeDemoRecord(dataDir, { seed, script: "two-beads", repository: sample.bare });
  return { sample, beads: twoBeadScript(seed).beads };
}
