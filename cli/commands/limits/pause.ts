/** `gastown stop`, `pause`, `resume`, `provider retry`, `breaker reset`: holding the town back, and letting it go on. */
import type { Command } from "commander";
import type { CommandInput, CommandName } from "../../../protocol/index.ts";
import { Complaint } from "../../complaint.ts";
import { printJson, printLine } from "../../output.ts";
import { townCommand, withTownOf, type TownOptions } from "../town-command.ts";

interface ScopeOptions extends TownOptions {
  rig?: string;
  convoy?: string;
  bead?: string;
  reason?: string;
}

export function addPause(program: Command): void {
  townCommand(
    program,
    "stop",
    "Stop spending at once: every agent ends with its work saved, nothing is dispatched",
  )
    .option("--reason <text>", "shown to everybody")
    .action((options: ScopeOptions) =>
      say(
        options,
        "town.stop",
        withReason(options),
        "Every agent is told to stop; resume goes on.",
      ),
    );
  scoped(program, "pause", "Dispatch nothing new; what is under way goes on")
    .option("--reason <text>", "shown to everybody")
    .action((options: ScopeOptions) => {
      const { rig, convoy, bead } = oneOfScope(options);
      const done = "Paused. `gastown resume` with the same scope goes on.";
      const reason = withReason(options);
      if (bead !== undefined) return say(options, "bead.hold", { bead }, done);
      if (convoy !== undefined) return say(options, "convoy.pause", { convoy, ...reason }, done);
      if (rig !== undefined) return say(options, "rig.pause", { rig, ...reason }, done);
      return say(options, "town.pause", reason, done);
    });
  scoped(program, "resume", "Go on after a pause, a stop or a park").action(
    (options: ScopeOptions) => {
      const { rig, convoy, bead } = oneOfScope(options);
      if (bead !== undefined) return resumeBead(options, bead);
      if (convoy !== undefined) return say(options, "convoy.resume", { convoy }, "Goes on.");
      if (rig !== undefined) return say(options, "rig.resume", { rig }, "Goes on.");
      return say(options, "town.resume", {}, "Goes on.");
    },
  );
  const provider = program.command("provider").description("The model's provider");
  townCommand(
    provider,
    "retry",
    "Try it now, with one run first: what kept it away is mended",
  ).action((options: TownOptions) => say(options, "provider.retry", {}, "It is tried now."));
  const breaker = program.command("breaker").description("The town's breaker");
  townCommand(breaker, "reset", "Close it: what opened it is mended").action(
    (options: TownOptions) => say(options, "breaker.reset", {}, "Closed."),
  );
}

function scoped(program: Command, name: string, summary: string): Command {
  return townCommand(program, name, `${summary}; the town, or one of:`)
    .option("--rig <rig>", "this rig only")
    .option("--convoy <convoy>", "this convoy only")
    .option("--bead <bead>", "this bead only");
}

function oneOfScope({ rig, convoy, bead }: ScopeOptions) {
  if ([rig, convoy, bead].filter((each) => each !== undefined).length > 1)
    throw new Complaint("Name one of --rig, --convoy and --bead.", 2);
  return { rig, convoy, bead };
}

function withReason({ reason }: ScopeOptions): { reason?: string } {
  return reason === undefined ? {} : { reason };
}

/** What a person holds back is released; what the town parked is tried again. */
async function resumeBead(options: TownOptions, bead: string): Promise<void> {
  await withTownOf(options, async (town) => {
    const { bead: shown } = await town.call("bead.get", { bead });
    const held = shown !== null && typeof shown === "object" && "held" in shown && shown.held;
    const resumed = await town.call(held === true ? "bead.release" : "bead.resume", { bead });
    if (options.json === true) printJson(resumed);
    else printLine("Goes on.");
  });
}

async function say<N extends CommandName>(
  options: TownOptions,
  name: N,
  body: CommandInput<N>,
  done: string,
): Promise<void> {
  await withTownOf(options, async (town) => {
    const value = await town.call(name, body);
    if (options.json === true) printJson(value);
    else printLine(done);
  });
}
