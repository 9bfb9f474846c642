import type { Role } from "./script.ts";

/** One request for a completion, as it was seen. */
export interface ModelCall {
  readonly at: number;
  /** Of the API that was asked. */
  readonly path: string;
  readonly role: Role | "none";
  readonly model: string;
  readonly beadTitle: string;
  readonly attempt: number;
  readonly round: number;
  readonly turnIndex: number;
  /** Names of the tools that the request offers, in its order. */
  readonly tools: readonly string[];
  /** Bytes of the request's body. */
  readonly requestBytes: number;
  /** Entry and turn that were played; null when nothing in the script fits. */
  readonly origin: string | null;
  readonly fault: string | null;
}

export interface CallSummary {
  readonly count: number;
  /** Epoch milliseconds of the last call; null before the first. */
  readonly lastAt: number | null;
  readonly perRole: Readonly<Record<Role | "none", number>>;
  /** Body of the first request of each role since the start, in bytes. */
  readonly firstRequestBytesPerRole: Readonly<Partial<Record<Role | "none", number>>>;
}

/** Counts calls in memory; asked by tests and by the benchmark of the first request's size. */
export class CallLog {
  #count = 0;
  #lastAt: number | null = null;
  readonly #perRole = { mayor: 0, polecat: 0, refinery: 0, triage: 0, none: 0 };
  readonly #firstBytes: Partial<Record<Role | "none", number>> = {};

  add(call: ModelCall): void {
    this.#count++;
    this.#lastAt = call.at;
    this.#perRole[call.role]++;
    this.#firstBytes[call.role] ??= call.requestBytes;
  }

  summary(): CallSummary {
    return {
      count: this.#count,
      lastAt: this.#lastAt,
      perRole: { ...this.#perRole },
      firstRequestBytesPerRole: { ...this.#firstBytes },
    };
  }
}
