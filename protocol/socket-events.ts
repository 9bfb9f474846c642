/** The user namespace `/`: handshake and event names. Types only help; every frame is parsed. */
import { z } from "zod";
import type { Ack } from "./error.ts";
import type { CommandFrame } from "./commands.ts";
import type { StreamFrame } from "./stream.ts";
import type { AgentEvent } from "./stream.ts";
import type { TerminalFrame, TerminalOpened } from "./entities/terminal.ts";
import type { TopicFrame } from "./topics.ts";
import { townIdSchema } from "./ids.ts";

/** `auth` of the handshake. A browser sends its session secret beside the cookie; a program a token. */
export const userHandshakeSchema = z.strictObject({
  version: z.number().int(),
  client: z.string().max(60),
  secret: z.string().max(200).optional(),
  token: z.string().max(400).optional(),
});
export type UserHandshake = z.infer<typeof userHandshakeSchema>;

export const welcomeSchema = z.object({
  townId: townIdSchema,
  epoch: z.number().int(),
  appVersion: z.string(),
  connection: z.number().int(),
});
export type Welcome = z.infer<typeof welcomeSchema>;

export interface UserUpEvents {
  command: (frame: CommandFrame, ack: (answer: Ack) => void) => void;
  subscribe: (frame: unknown, ack: (answer: Ack<TopicFrame>) => void) => void;
  unsubscribe: (frame: unknown, ack: (answer: Ack<null>) => void) => void;
  "stream.open": (frame: unknown, ack: (answer: Ack<{ events: AgentEvent[] }>) => void) => void;
  "stream.close": (frame: unknown, ack: (answer: Ack<null>) => void) => void;
  "terminal.open": (frame: unknown, ack: (answer: Ack<TerminalOpened>) => void) => void;
  "terminal.input": (frame: unknown, ack: (answer: Ack<null>) => void) => void;
  "terminal.resize": (frame: unknown, ack: (answer: Ack<null>) => void) => void;
  "terminal.take": (frame: unknown, ack: (answer: Ack<null>) => void) => void;
  "terminal.leave": (frame: unknown, ack: (answer: Ack<null>) => void) => void;
}
export interface UserDownEvents {
  welcome: (welcome: Welcome) => void;
  changes: (frame: TopicFrame) => void;
  stream: (frame: StreamFrame) => void;
  /** Acknowledged when it is drawn: that is the viewer's pace. */
  terminal: (frame: TerminalFrame, drawn: () => void) => void;
}

/** POST /api/login: the token comes from the link's fragment. */
export const loginBodySchema = z.strictObject({ token: z.string().min(20).max(200) });
export const loginAnswerSchema = z.object({ secret: z.string(), townId: townIdSchema });
