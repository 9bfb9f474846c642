/** Terminals: a shell in an agent's tree, or the agent's own screen, as people and runners speak of them. */
import { z } from "zod";
import { refSchema, runIdSchema, terminalIdSchema } from "../ids.ts";
import { TERMINAL_INPUT_BYTES_MAX, TERMINAL_OUTPUT_BYTES_MAX } from "../limits.ts";

/** `shell`: one in the tree of the run. `agent`: the screen of the agent's program on its live session. */
export const terminalWhatSchema = z.enum(["shell", "agent"]);
export type TerminalWhat = z.infer<typeof terminalWhatSchema>;

export const terminalSizeSchema = z.object({
  cols: z.number().int().min(2).max(500),
  rows: z.number().int().min(1).max(300),
});
export type TerminalSize = z.infer<typeof terminalSizeSchema>;

/** Bytes as they came; a socket hands them over as some view of a buffer. */
function bytes(max: number) {
  return z.custom<Uint8Array>(
    (data) => data instanceof Uint8Array && data.byteLength <= max,
    `must be at most ${max} bytes`,
  );
}
export const terminalOutputSchema = bytes(TERMINAL_OUTPUT_BYTES_MAX);
export const terminalInputSchema = bytes(TERMINAL_INPUT_BYTES_MAX);

/** Opens a terminal of a run, or joins the one that is open. */
export const terminalOpenSchema = z.strictObject({
  /** A run, or a bead: its live run. */
  run: refSchema,
  what: terminalWhatSchema,
  ...terminalSizeSchema.shape,
  /** `read`: only looks. */
  mode: z.enum(["write", "read"]),
  /** Becomes the one who writes, whoever is. */
  take: z.boolean().default(false),
});
export const terminalOpenedSchema = z.object({
  terminal: terminalIdSchema,
  runId: runIdSchema,
  what: terminalWhatSchema,
});
export type TerminalOpened = z.infer<typeof terminalOpenedSchema>;

const terminal = terminalIdSchema;
export const terminalTypeSchema = z.strictObject({ terminal, data: terminalInputSchema });
export const terminalResizeSchema = z.strictObject({ terminal, ...terminalSizeSchema.shape });
export const terminalNameSchema = z.strictObject({ terminal });

/** What a viewer is told. `screen` replaces all that was drawn; it and `output` are acknowledged when drawn. */
export const terminalFrameSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("screen"),
    terminal,
    ...terminalSizeSchema.shape,
    data: terminalOutputSchema,
  }),
  z.object({ kind: z.literal("output"), terminal, data: terminalOutputSchema }),
  z.object({ kind: z.literal("size"), terminal, ...terminalSizeSchema.shape }),
  /** Who writes now: this viewer, another, or nobody. */
  z.object({ kind: z.literal("writer"), terminal, who: z.enum(["you", "other", "nobody"]) }),
  z.object({ kind: z.literal("ended"), terminal, message: z.string().max(1_000) }),
]);
export type TerminalFrame = z.infer<typeof terminalFrameSchema>;
