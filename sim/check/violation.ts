/** Thrown by a checker: what must never be was seen. */
export class Violation extends Error {
  /** Which checker, e.g. `one-live-run`. */
  readonly checker: string;

  constructor(checker: string, message: string) {
    super(`${checker}: ${message}`);
    this.checker = checker;
  }
}
