/** What the audit keeps of one terminal: who came, who wrote, and what was typed, gathered so that typing costs few commits. */
import type { AuditEntry } from "../core.ts";
import type { TypedLine } from "./typed-text.ts";

const GATHER_MS = 2_000;
/** Of one row; more begins another. */
const ROW_CHARS_MAX = 4_000;

export type WriteAudit = (entry: AuditEntry) => void;
type Command = "terminal.open" | "terminal.take" | "terminal.input" | "terminal.end";

export class TerminalAudit {
  readonly #runId: string;
  readonly #write: WriteAudit;
  #lines: string[] = [];
  #chars = 0;
  #actor = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(runId: string, write: WriteAudit) {
    this.#runId = runId;
    this.#write = write;
  }

  note(actor: string, command: Command, text: string): void {
    this.flush();
    this.#write({ actor, command, subject: this.#runId, text });
  }

  /** `shown`: the terminal's line that the first of them was typed in. */
  typed(actor: string, lines: readonly TypedLine[], shown: string | null): void {
    if (this.#actor !== actor) this.flush();
    this.#actor = actor;
    lines.forEach((line, n) => {
      const text = line.audit(n === 0 ? shown : null);
      if (this.#chars + text.length > ROW_CHARS_MAX) this.flush();
      this.#lines.push(text);
      this.#chars += text.length + 1;
    });
    this.#timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    const text = this.#lines.splice(0).join("\n");
    this.#chars = 0;
    this.#write({ actor: this.#actor, command: "terminal.input", subject: this.#runId, text });
  }
}
