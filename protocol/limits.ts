/** Every limit of the wire and of the queues behind it, with its unit in the name. */

/** A frame on a socket, either way. A foreign client that sends more is disconnected. */
export const FRAME_BYTES_MAX = 256 * 1024;
/** An HTTP body; more is answered 413. */
export const HTTP_BODY_BYTES_MAX = 256 * 1024;
export const TITLE_CHARS_MAX = 200;
export const BODY_CHARS_MAX = 64_000;
export const NAME_CHARS_MAX = 60;
export const CHAT_CHARS_MAX = 32_000;
/** Tasks of one batch or convoy (B3). */
export const TASKS_MAX = 50;
/** A formula's parameters, the value of one, and the formulas of the town or of a rig. */
export const FORMULA_PARAMETERS_MAX = 20;
export const PARAMETER_CHARS_MAX = 4_000;
export const FORMULAS_MAX = 200;
export const LABELS_MAX = 20;
/** A comment, or the reason of a person's decision: a line of history. */
export const COMMENT_CHARS_MAX = 2_000;
export const GATES_MAX = 10;
export const COMMAND_LINE_CHARS_MAX = 2_000;
/** Gate output kept with a result; the middle is cut. */
export const GATE_LOG_CHARS_MAX = 16_000;
export const FEEDBACK_CHARS_MAX = 24_000;
export const COMMENTS_MAX = 50;
export const FACT_BATCH_MAX = 64;
/** A snapshot of a conversation as it is kept, packed; and what one frame carries of it, before base64. */
export const SNAPSHOT_BYTES_MAX = 16 * 1024 * 1024;
export const SNAPSHOT_CHUNK_BYTES = 128 * 1024;
/** Agent events of one batch, and the text of one event. */
export const EVENT_BATCH_MAX = 100;
export const EVENT_TEXT_CHARS_MAX = 16_000;
/** Topic state: newest closed beads, events and chat entries sent in a snapshot. */
export const SNAPSHOT_CLOSED_MAX = 500;
export const SNAPSHOT_EVENTS_MAX = 200;
export const SNAPSHOT_CHAT_MAX = 200;
/** Messages to whoever works on a bead, newest. */
export const SNAPSHOT_MAILS_MAX = 50;
export const STREAM_REPLAY_MAX = 2_000;
export const SUBSCRIPTIONS_MAX = 64;
/** Commands in flight of one connection. */
export const IN_FLIGHT_MAX = 256;
export const DIFF_CHARS_MAX = 180_000;
/** Bytes of a terminal in one frame: a screen with what scrolled off it, or output. */
export const TERMINAL_OUTPUT_BYTES_MAX = 192 * 1024;
/** What is typed or pasted, in one frame. */
export const TERMINAL_INPUT_BYTES_MAX = 16 * 1024;
/** Terminals of one runner at once. */
export const TERMINALS_MAX = 8;
/** Topic changes are gathered this long before they are sent to a viewer. */
export const COALESCE_MS = 50;

/** Longest that runs may go on when their runner stops: service managers kill what stops for longer than 90 s. */
export const DRAIN_GRACE_MS_MAX = 60_000;
