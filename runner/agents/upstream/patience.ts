/** How long and how often the gateway waits for a model's endpoint. */

export interface Patience {
  /** Until an answer begins. One that is not streamed begins when it is complete. */
  headersMs: number;
  /** Between two pieces of an answer. Shorter silence is judged by the run's own ladder. */
  silenceMs: number;
  /** Further tries of one call, only before anything of its answer has come. */
  retriesMax: number;
  /** Before the first of them; doubles. */
  backOffMs: number;
  /** Further tries of a call through a town that is away; its pauses end at 5 s. */
  townTriesMax: number;
  /** A provider that asks for a longer pause is told to the agent, which waits by its own rule. */
  retryAfterMsMax: number;
}

export const PATIENCE: Patience = {
  headersMs: 10 * 60_000,
  silenceMs: 5 * 60_000,
  retriesMax: 2,
  backOffMs: 250,
  // Three minutes: more than a lease and a start of the town, less than the silence at which an agent is nudged.
  townTriesMax: 40,
  retryAfterMsMax: 5_000,
};
