/** Why a program cannot start, as a sentence for people with the next step. Not a bug: no stack is shown. */
export class StartError extends Error {
  override readonly name = "StartError";
}
