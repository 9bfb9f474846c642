/**
 * The way of the runner's git to the credentials of the rigs: asked of the town for each operation anew, given to that one
 * git and kept nowhere, so that a changed one is in use with the next operation.
 */
import type { Ack } from "../../protocol/error.ts";
import type { RepositoryAccess, RepositoryFrame } from "../../protocol/runner-frames.ts";
import type { Access, Credential } from "../git/access/access.ts";
import { failure, type Outcome } from "../git/outcome.ts";

export type AskTown = (wish: Omit<RepositoryFrame, "connection">) => Promise<Ack<RepositoryAccess>>;

export class RepositoryKeys {
  #askTown: AskTown | null = null;
  /** Rigs of which the town said last that they have none. */
  readonly #without = new Set<string>();

  /** Whom to ask, from now on. */
  join(ask: AskTown): void {
    this.#askTown = ask;
  }

  /** Errors: `unreachable` while the town is away; `authentication` where it gives none to this runner or run. */
  async ask(
    { rigId, use, run }: Access,
    remote: string,
  ): Promise<Outcome<{ credential: Credential | null }>> {
    const answer = await this.#askTown?.({ rigId, remote, use, run });
    if (answer?.ok === true) {
      const { credential } = answer.value;
      if (credential === null) this.#without.add(rigId);
      else this.#without.delete(rigId);
      return { ok: true, credential };
    }
    const isAway = answer === undefined || answer.error.retryable;
    // As before there were any: what needs none does not wait for the town.
    if (isAway && this.#without.has(rigId)) return { ok: true, credential: null };
    const why = answer?.error.message ?? "the runner is starting.";
    return isAway
      ? failure("unreachable", `The town gives no credential for ${remote} now: ${why}`, AGAIN, {
          retryable: true,
        })
      : failure("authentication", `The town gives no credential for ${remote}: ${why}`, LOOK);
  }
}

const AGAIN = "It is asked again.";
const LOOK = "Look at the rig's credential, its runners' rights and their labels.";
