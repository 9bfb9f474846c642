/** `gastown slice`: what a recorded town was given, as one file, and the same given to another. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { Complaint } from "../../complaint.ts";
import { dataDirOf } from "../../data-dir.ts";
import { printJson, printLine } from "../../output.ts";
import { appVersion } from "../../version.ts";

interface SliceOptions {
  data?: string;
  demo?: boolean;
  json?: boolean;
}

export function addSlice(program: Command): void {
  const group = program
    .command("slice")
    .description("What a town that was started with --record was given, to be looked at elsewhere");
  group
    .command("export <file>")
    .description("Write the recording as one file, without secrets")
    .option("--data <dir>", "data directory of the town")
    .option("--demo", "the demo's town")
    .option("--json", "print JSON")
    .addHelpText("after", WORDS_HELP)
    .action(async (file: string, options: SliceOptions) => {
      const { exportSlice } = await import("../../../server/replay/recording.ts");
      const packed = await exportSlice(dataDirOf(options));
      if (!packed.ok) throw new Complaint(packed.error.message);
      const bytes = await Bun.write(file, packed.value);
      if (options.json === true) printJson({ file, bytes });
      else printLine(`The slice is in ${file}, ${bytes} bytes.`);
    });
  group
    .command("replay <file>")
    .description("Give what a slice holds to a town in an empty directory, and compare the two")
    .option("--json", "print JSON")
    .action(async (file: string, options: SliceOptions) => {
      const done = await replay(file);
      if (options.json === true) printJson(done);
      else
        printLine(
          `${done.entries} entries were given again, and ${done.states} times the state was the same.`,
        );
    });
}

async function replay(file: string) {
  const given = Bun.file(file);
  if (!(await given.exists())) throw new Complaint(`There is no file ${file}.`, 2);
  const { layBase, unpackSlice } = await import("../../../server/replay/recording.ts");
  const { replaySlice } = await import("../../../server/replay/replay.ts");
  const slice = unpackSlice(await given.bytes(), appVersion);
  if (!slice.ok) throw new Complaint(`${file} cannot be replayed: ${slice.error.message}`);
  const data = await mkdtemp(join(tmpdir(), "gastown-replay-"));
  try {
    await layBase(slice.value, data);
    const quiet = () => undefined;
    const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
    const done = await replaySlice(slice.value, { data, log });
    if (!done.ok) throw new Complaint(`The replay went another way: ${done.error.message}`);
    return done.value;
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

const WORDS_HELP = `
Keys and whatever looks like one are taken out, and so is what agents say while they work. Titles, texts, answers and the
output of gates are in it: look at them before you give it to somebody.`;
