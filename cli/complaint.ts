/** What a person did wrong or can do about it, as one sentence: printed without a stack, with a non-zero exit. */
export class Complaint extends Error {
  override readonly name = "Complaint";
  readonly exitCode: number;

  /** @param exitCode 1: it did not work; 2: it was asked wrongly */
  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
