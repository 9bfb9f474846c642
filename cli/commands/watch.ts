import type { Command } from "commander";
import {
  feedPositionSchema,
  topicSchema,
  type FeedPosition,
  type TopicFrame,
} from "../../protocol/index.ts";
import { Complaint } from "../complaint.ts";
import { printJson } from "../output.ts";
import { townCommand, withTownOf, type TownOptions } from "./town-command.ts";

/** `gastown watch`: the images of a topic as they change, one JSON line each. */
export function addWatch(program: Command): void {
  townCommand(
    program,
    "watch <topic>",
    "Print a topic's state and then its changes, one JSON line per item",
  )
    .option("--since <epoch:version>", "only what changed since this position")
    .option("--once", "end after the state")
    .addHelpText(
      "after",
      '\nTopics: town, board, convoys, agents, reviews, mayor, activity, changes,\nand bead:ID, convoy:ID, review:ID, run:ID, agent:ID.\nA line with "reset" says that what came before is void.',
    )
    .action(async (topic: string, options: TownOptions & { since?: string; once?: boolean }) => {
      if (!topicSchema.safeParse(topic).success) {
        throw new Complaint(`"${topic}" is no topic; \`gastown watch --help\` lists them.`, 2);
      }
      const since = options.since === undefined ? undefined : positionOf(options.since);
      await withTownOf(options, async (town) => {
        const state = Promise.withResolvers<void>();
        const followed = town.follow(topic, since, (frame) => {
          printFrame(frame);
          if (frame.complete) state.resolve();
        });
        if (options.once === true) await Promise.race([state.promise, followed]);
        else {
          await followed;
          throw new Complaint("The town closed the connection.");
        }
      });
    });
}

function printFrame(frame: TopicFrame): void {
  const { topic, epoch, version } = frame;
  if (frame.reset) printJson({ topic, epoch, version, reset: true });
  for (const item of frame.items) printJson({ topic, epoch, version, ...item });
}

function positionOf(text: string): FeedPosition {
  const [epoch, version] = text.split(":").map(Number);
  const parsed = feedPositionSchema.safeParse({ epoch, version });
  if (parsed.success) return parsed.data;
  throw new Complaint(`--since must be epoch:version, e.g. 1:42, not "${text}".`, 2);
}
