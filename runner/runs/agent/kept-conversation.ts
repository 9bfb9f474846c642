/** The agent's own memory of a conversation: fetched from the town before a run's first turn, handed over after a turn. */
import { refuse, type ErrorBody, type Result } from "../../../protocol/error.ts";
import type { Snapshot } from "../../../protocol/entities/snapshot.ts";
import { SNAPSHOT_CHUNK_BYTES } from "../../../protocol/limits.ts";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import type { AgentDriver } from "../../agents/driver.ts";
import { sleep } from "../../clock.ts";
import { SNAPSHOT_AT_END_MS, SNAPSHOT_BACK_OFF, SNAPSHOT_TRIES_MAX } from "../../config.ts";
import { backOffMs } from "../../session/back-off.ts";
import type { LiveRun } from "../live-run.ts";
import type { Workplace } from "../workplace.ts";

type RememberedRun = LiveRun<RunSpecOf<"session" | "work">>;

/** What the run was offered to go on from, whole. Errors: the town's, or `internal` when it is damaged. */
export async function fetchKept(
  place: Workplace,
  run: RememberedRun,
  { sha256, bytes }: Snapshot,
): Promise<Result<Uint8Array>> {
  const { runId, fence } = run.spec;
  const pieces: Uint8Array[] = [];
  for (let offset = 0; offset < bytes;) {
    const wish = { runId, fence, sha256, offset };
    const piece = await patiently(place, () => place.town.getSnapshot(wish), run.signal);
    if (!piece.ok) return piece;
    const got = Buffer.from(piece.value.data, "base64");
    if (got.byteLength === 0) break;
    pieces.push(got);
    offset += got.byteLength;
  }
  const whole = Buffer.concat(pieces);
  if (digestOf(whole) === sha256) return { ok: true, value: whole };
  return refuse("internal", "What was kept of the conversation is damaged.");
}

/** Hands over what the agent remembers, turn by turn; nobody waits for it but a run that ends. */
export class ConversationKeeper {
  readonly #place: Workplace;
  readonly #run: RememberedRun;
  readonly #driver: AgentDriver;
  /** Aborted when there is something newer, or the run waits no longer. */
  #newest = new AbortController();
  #handing: Promise<void> = Promise.resolve();

  constructor(place: Workplace, run: RememberedRun, driver: AgentDriver) {
    this.#place = place;
    this.#run = run;
    this.#driver = driver;
  }

  /** A turn has ended and the next has not begun: what the agent remembers now is kept. Null: a bead's author has no turns. */
  async turnEnded(turnId: string | null): Promise<void> {
    if (this.#driver.snapshot === undefined) return;
    const taken = await this.#driver.snapshot();
    if (!taken.ok) return this.#tellLost(taken.error);
    this.#newest.abort();
    const { signal } = (this.#newest = new AbortController());
    this.#handing = this.#handOver(turnId, taken.value, signal);
  }

  /** Resolves when the newest is kept, or has taken too long. */
  async settled(): Promise<void> {
    const callOff = this.#place.clock.after(SNAPSHOT_AT_END_MS, () => this.#newest.abort());
    await this.#handing;
    callOff();
  }

  async #handOver(turnId: string | null, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const { town } = this.#place;
    const { runId, fence, program } = this.#run.spec;
    const snapshot = { turnId, program, sha256: digestOf(bytes), bytes: bytes.byteLength };
    const about = { runId, fence, snapshot };
    const kept = await patiently(
      this.#place,
      async () => {
        for (let offset = 0; offset < bytes.byteLength; offset += SNAPSHOT_CHUNK_BYTES) {
          const piece = bytes.subarray(offset, offset + SNAPSHOT_CHUNK_BYTES);
          const data = Buffer.from(piece).toString("base64");
          const put = await town.putSnapshot({ ...about, offset, data });
          if (!put.ok) return put;
        }
        // The end of the turn travels as a fact: it may come after this.
        return patiently(this.#place, () => town.keepSnapshot(about), signal);
      },
      signal,
    );
    if (!kept.ok && !signal.aborted) this.#tellLost(kept.error);
  }

  #tellLost({ message }: ErrorBody): void {
    const then =
      this.#run.spec.kind === "work"
        ? "A rework begins afresh."
        : "If it has to go on elsewhere, it goes on from the transcript.";
    const why = `What the agent remembers of this conversation could not be kept. ${message} ${then}`;
    this.#run.notice("warning", why);
  }
}

/** Again what may be tried again, a few times, while `signal` lets it. */
async function patiently<T>(
  { clock, random }: Workplace,
  act: () => Promise<Result<T>>,
  signal: AbortSignal,
): Promise<Result<T>> {
  for (let tries = 1; ; tries++) {
    const done = await act();
    if (done.ok || !done.error.retryable || tries >= SNAPSHOT_TRIES_MAX || signal.aborted)
      return done;
    await sleep(clock, backOffMs(tries, SNAPSHOT_BACK_OFF, random.unit()), signal);
  }
}

function digestOf(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}
