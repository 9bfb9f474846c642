/** What the thread of the screens is asked, and what it answers. */

export type ScreenOrder = { id: string } & (
  | { do: "open"; cols: number; rows: number }
  | { do: "write"; data: Uint8Array }
  | { do: "resize"; cols: number; rows: number }
  /** Remembers the line that the cursor is in, for `line` with the same number. */
  | { do: "mark"; ask: number }
  | { do: "line"; ask: number }
  | { do: "snapshot"; ask: number }
  | { do: "close" }
);

export type ScreenAnswer =
  /** For the program: it asked its terminal something. */
  | { kind: "answered"; id: string; text: string }
  | { kind: "line"; ask: number; line: string | null }
  | { kind: "snapshot"; ask: number; cols: number; rows: number; data: Uint8Array };
