/**
 * The runner's standing with its town: connects, says hello, beats, sends facts, takes frames, and
 * starts over whole after any failure.
 */
import { purgeFrameSchema, type PurgeFrame, type Purged } from "../../protocol/entities/trash.ts";
import { z } from "zod";
import {
  heartbeatAnswerSchema,
  modelCredentialSchema,
  offerSchema,
  PROTOCOL_VERSION,
  refuse,
  repositoryAccessSchema,
  rigSecretsSchema,
  runnerWelcomeSchema,
  stopFrameSchema,
  diffFrameSchema,
  terminalOrderSchema,
  forgetFrameSchema,
  snapshotPieceSchema,
  toolAnswerSchema,
  mailFrameSchema,
  turnFrameSchema,
  browseFrameSchema,
  tryRemoteFrameSchema,
  type Ack,
  type Browsed,
  type BrowseFrame,
  type CredentialFrame,
  type DiffAnswer,
  type DiffFrame,
  type ErrorBody,
  type Fence,
  type ForgetFrame,
  type Heartbeat,
  type Hello,
  type ModelCredential,
  type Offer,
  type OfferAnswer,
  type RepositoryAccess,
  type RepositoryFrame,
  type RigSecrets,
  type RunnerWelcome,
  type SecretsFrame,
  type SnapshotGetFrame,
  type SnapshotKeepFrame,
  type SnapshotPiece,
  type SnapshotPutFrame,
  type StopFrame,
  type TryRemoteFrame,
  type ToolAnswer,
  type ToolFrame,
  type MailFrame,
  type TurnFrame,
} from "../../protocol/index.ts";
import { sleep, type Clock, type Random } from "../clock.ts";
import {
  ACK_TIMEOUT_MS,
  HEARTBEAT_JITTER,
  RECONNECT_FIRST_MS,
  RECONNECT_LAST_MS,
  TOOL_TIMEOUT_MS,
} from "../config.ts";
import type { News, TerminalDesk } from "../pty/terminal-desk.ts";
import type { HostGauge } from "../host/host-gauge.ts";
import type { Log } from "../log.ts";
import type { Identity } from "../spool/identity.ts";
import type { RunBook } from "../spool/run-book.ts";
import type { Spool } from "../spool/spool.ts";
import { backOffMs } from "./back-off.ts";
import { sendFacts } from "./fact-sender.ts";
import type { Lease } from "./lease.ts";
import {
  request,
  type FrameListeners,
  type TownLink,
  type Transport,
  type UpEvent,
} from "./transport.ts";

/** What this runner is: the parts of hello that do not change while it lives. */
export type RunnerFacts = Pick<
  Hello,
  "appVersion" | "name" | "local" | "isolation" | "isolationReason" | "slots" | "programs" | "lfs"
>;

/** What the session asks of the runs. */
export interface RunsPort {
  offer(frame: Offer): Ack<OfferAnswer>;
  /** Ends a run with its work saved. Answers at once. */
  stop(order: Omit<StopFrame, "connection">): Ack<null>;
  turn(frame: TurnFrame): Ack<null>;
  mail(frame: MailFrame): Ack<null>;
  forget(frame: ForgetFrame): Promise<Ack<null>>;
  purge(frame: PurgeFrame): Promise<Ack<Purged>>;
  diff(frame: DiffFrame): Promise<Ack<DiffAnswer>>;
  browse(frame: BrowseFrame): Promise<Ack<Browsed>>;
  tryRemote(frame: TryRemoteFrame): Promise<Ack<null>>;
  inventory(): Heartbeat["runs"];
}

export interface SessionDeps {
  transport: Transport;
  facts: RunnerFacts;
  spool: Spool;
  book: RunBook;
  identity: Identity;
  lease: Lease;
  runs: RunsPort;
  terminals: Pick<TerminalDesk, "take" | "cutOff">;
  host: HostGauge;
  clock: Clock;
  random: Random;
  log: Log;
}

/** Refusals that waiting does not mend. */
const FATAL = new Set<ErrorBody["code"]>([
  "unauthenticated",
  "forbidden",
  "protocol_version",
  "invalid_body",
]);

type Standing = { link: TownLink; welcome: RunnerWelcome };

export class TownSession {
  readonly #deps: SessionDeps;
  readonly #stopping = new AbortController();
  #standing: Standing | null = null;
  #connecting = Promise.withResolvers<Standing | null>();
  #flushed: (() => void)[] = [];
  #leaving = false;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  get connected(): boolean {
    return this.#standing !== null;
  }

  /** How long runs may go on when this runner stops: none while nobody hears of them. */
  get drainGraceMs(): number {
    return this.#standing?.welcome.drainGraceMs ?? 0;
  }

  /** Tells the town that this runner stops, on this connection and any that may follow. */
  async leave(): Promise<void> {
    this.#leaving = true;
    const standing = this.#standing;
    if (standing === null) return;
    const { connection } = standing.welcome;
    const told = await request(standing.link, "leaving", { connection }, z.null(), ACK_TIMEOUT_MS);
    if (!told.ok) this.#deps.log.warn("the town was not told", { code: told.error.code });
  }

  /** Keeps the runner connected until `close`, or until the town refuses it for good: then the refusal. */
  async run(): Promise<ErrorBody | null> {
    let attempt = 0;
    while (!this.#stopping.signal.aborted) {
      const ended = await this.#connectOnce();
      if (FATAL.has(ended.code)) {
        // Nothing is written outside any more, not even what is about to be.
        this.#deps.lease.end();
        return ended;
      }
      if (ended.code !== "offline" || attempt === 0)
        this.#deps.log.warn("not connected to the town", { code: ended.code, why: ended.message });
      attempt = ended.greeted ? 1 : attempt + 1;
      const backOff = { firstMs: RECONNECT_FIRST_MS, lastMs: RECONNECT_LAST_MS };
      const waitMs = Math.max(
        ended.minBackoffMs ?? 0,
        backOffMs(attempt, backOff, this.#deps.random.unit()),
      );
      await sleep(this.#deps.clock, waitMs, this.#stopping.signal);
    }
    return null;
  }

  /** Ends the connection and the attempts at one. */
  close(): void {
    this.#stopping.abort();
  }

  /** Resolves when every fact on disk is acknowledged, or after `timeoutMs`. */
  async flushed(timeoutMs: number): Promise<boolean> {
    const { spool, clock } = this.#deps;
    spool.flush();
    if (spool.ackedSeq >= spool.seq) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#flushed.push(() => resolve(true));
    const callOff = clock.after(timeoutMs, () => resolve(false));
    const done = await promise;
    callOff();
    return done;
  }

  /** A request that is never kept: offline it fails at once as retryable. */
  async tool(call: Omit<ToolFrame, "connection">): Promise<Ack<ToolAnswer>> {
    return this.#request("tool", call, toolAnswerSchema, TOOL_TIMEOUT_MS);
  }

  async credential(want: Omit<CredentialFrame, "connection">): Promise<Ack<ModelCredential>> {
    return this.#request("credential", want, modelCredentialSchema, ACK_TIMEOUT_MS);
  }

  async secrets(want: Omit<SecretsFrame, "connection">): Promise<Ack<RigSecrets>> {
    return this.#request("secrets", want, rigSecretsSchema, ACK_TIMEOUT_MS);
  }

  async repository(want: Omit<RepositoryFrame, "connection">): Promise<Ack<RepositoryAccess>> {
    return this.#request("repository", want, repositoryAccessSchema, ACK_TIMEOUT_MS);
  }

  /** Tells of a terminal. Resolves when the town has taken it; what it does not take is not sent again. */
  async terminal(news: News): Promise<void> {
    const standing = this.#standing;
    if (standing === null) return;
    const frame = { ...news, connection: standing.welcome.connection };
    // Bounded by its schema: what is drawn need not be measured as text.
    await standing.link.ask("terminal", frame, ACK_TIMEOUT_MS);
  }

  /** As `tool`; so are the two below. */
  async putSnapshot(piece: Omit<SnapshotPutFrame, "connection">): Promise<Ack<null>> {
    return this.#request("snapshot_put", piece, z.null(), ACK_TIMEOUT_MS);
  }

  async keepSnapshot(wish: Omit<SnapshotKeepFrame, "connection">): Promise<Ack<null>> {
    return this.#request("snapshot_keep", wish, z.null(), ACK_TIMEOUT_MS);
  }

  async getSnapshot(wish: Omit<SnapshotGetFrame, "connection">): Promise<Ack<SnapshotPiece>> {
    return this.#request("snapshot_get", wish, snapshotPieceSchema, ACK_TIMEOUT_MS);
  }

  async #request<V extends z.ZodType>(
    event: Exclude<UpEvent, "hello" | "facts" | "heartbeat">,
    body: object,
    value: V,
    timeoutMs: number,
  ): Promise<Ack<z.output<V>>> {
    const standing = this.#standing;
    if (standing === null)
      return refuse("offline", "The town cannot be reached now. Try again in a minute.", {
        retryable: true,
      });
    const frame = { ...body, connection: standing.welcome.connection };
    return request(standing.link, event, frame, value, timeoutMs);
  }

  /** One connection from opening to its end, which is always a reason. */
  async #connectOnce(): Promise<ErrorBody & { greeted: boolean }> {
    this.#connecting = Promise.withResolvers<Standing | null>();
    const { signal } = this.#stopping;
    const opened = await this.#deps.transport.open(this.#listeners(), signal);
    if (!opened.ok) return { ...opened.error, greeted: false };
    const link = opened.value;
    const stop = () => link.close("the runner stops");
    signal.addEventListener("abort", stop, { once: true });
    void link.closed.then(() => signal.removeEventListener("abort", stop));
    if (signal.aborted) stop();
    const greeted = await this.#greet(link);
    if (!greeted.ok) {
      this.#connecting.resolve(null);
      link.close(greeted.error.message);
      return { ...greeted.error, greeted: false };
    }
    const standing = { link, welcome: greeted.value };
    this.#standing = standing;
    this.#connecting.resolve(standing);
    this.#deps.log.info("connected to the town", {
      connection: standing.welcome.connection,
      epoch: standing.welcome.epoch,
    });
    const connection = standing.welcome.connection;
    const onEmpty = () => {
      for (const settle of this.#flushed.splice(0)) settle();
    };
    const [reason] = await Promise.all([
      link.closed,
      sendFacts(link, this.#deps.spool, { connection, onEmpty }),
      this.#beat(standing),
    ]);
    this.#standing = null;
    void this.#deps.terminals.cutOff();
    return {
      ...refuse("offline", `The connection ended: ${reason}.`, { retryable: true }).error,
      greeted: true,
    };
  }

  async #greet(link: TownLink): Promise<Ack<RunnerWelcome>> {
    const { spool, book, identity, lease, runs, facts, host } = this.#deps;
    spool.flush();
    const sentAt = lease.moment();
    const hello: Hello = {
      ...facts,
      host: host(),
      version: PROTOCOL_VERSION,
      runnerId: identity.runnerId,
      incarnation: identity.incarnation,
      spoolEpoch: spool.epoch,
      spoolSeq: spool.seq,
      ackedSeq: spool.ackedSeq,
      lastOfferSeq: book.lastOfferSeq,
      fenceEpoch: book.fenceEpoch,
      ...(this.#leaving && { leaving: true }),
      live: runs.inventory(),
      ended: book.ended(),
    };
    const answer = await request(link, "hello", hello, runnerWelcomeSchema, ACK_TIMEOUT_MS);
    if (!answer.ok) return answer;
    identity.keepRunnerId(answer.value.runnerId);
    // What the town has stored is never sent again, even if its acknowledgement was lost.
    spool.ack(Math.min(answer.value.ackedSeq, spool.seq));
    // Before authority returns: what waits for it in these runs must not go on.
    for (const { runId, fence, reason } of answer.value.stop)
      this.#stopByTown(runId, fence, reason);
    lease.renew(sentAt, answer.value.leaseTtlMs);
    return answer;
  }

  /** Heartbeats until the connection closes; one that fails closes it. */
  async #beat({ link, welcome }: Standing): Promise<void> {
    const { book, lease, runs, host, clock, random } = this.#deps;
    const closed = new AbortController();
    void link.closed.then(() => closed.abort());
    let periodMs = welcome.heartbeatMs;
    while (link.isOpen) {
      await sleep(clock, periodMs * (1 - HEARTBEAT_JITTER * random.unit()), closed.signal);
      if (!link.isOpen) return;
      const sentAt = lease.moment();
      const frame: Heartbeat = {
        connection: welcome.connection,
        lastOfferSeq: book.lastOfferSeq,
        runs: runs.inventory(),
        host: host(),
      };
      const answer = await request(link, "heartbeat", frame, heartbeatAnswerSchema, ACK_TIMEOUT_MS);
      if (!answer.ok) {
        link.close(`a heartbeat failed: ${answer.error.message}`);
        return;
      }
      lease.renew(sentAt);
      periodMs = answer.value.heartbeatMs;
      for (const { runId, fence, reason } of answer.value.stop)
        this.#stopByTown(runId, fence, reason);
    }
  }

  #stopByTown(runId: string, fence: Fence, reason: string): void {
    this.#deps.runs.stop({ runId, fence, outcome: "stopped_by_town", reason });
  }

  #listeners(): FrameListeners {
    const { runs, terminals } = this.#deps;
    return {
      offer: (frame) => this.#take(frame, offerSchema, (offer) => runs.offer(offer)),
      stop: (frame) => this.#take(frame, stopFrameSchema, (stop) => runs.stop(stop)),
      turn: (frame) => this.#take(frame, turnFrameSchema, (turn) => runs.turn(turn)),
      mail: (frame) => this.#take(frame, mailFrameSchema, (mail) => runs.mail(mail)),
      forget: (frame) => this.#take(frame, forgetFrameSchema, (forget) => runs.forget(forget)),
      purge: (frame) => this.#take(frame, purgeFrameSchema, (order) => runs.purge(order)),
      diff: (frame) => this.#take(frame, diffFrameSchema, (diff) => runs.diff(diff)),
      browse: (frame) => this.#take(frame, browseFrameSchema, (wish) => runs.browse(wish)),
      try_remote: (frame) =>
        this.#take(frame, tryRemoteFrameSchema, (wish) => runs.tryRemote(wish)),
      terminal: (frame) => this.#take(frame, terminalOrderSchema, (order) => terminals.take(order)),
    };
  }

  /** Parses a frame and lets it pass only with this connection's number; another closes the connection. */
  async #take<V extends z.ZodType<{ connection: number }>, T>(
    frame: unknown,
    schema: V,
    act: (frame: z.output<V>) => Ack<T> | Promise<Ack<T>>,
  ): Promise<Ack<T>> {
    // A frame may overtake the answer to hello by a moment.
    const standing = this.#standing ?? (await this.#connecting.promise);
    if (standing === null || !standing.link.isOpen)
      return refuse("offline", "This connection is closing.", { retryable: true });
    const parsed = schema.safeParse(frame);
    if (!parsed.success) {
      this.#deps.log.error("a frame of the town does not fit the protocol", {
        why: parsed.error.message.slice(0, 500),
      });
      return refuse(
        "invalid_body",
        "The frame does not fit the protocol of this runner. Compare the versions of town and runner.",
      );
    }
    if (parsed.data.connection !== standing.welcome.connection) {
      // After the answer, which says why.
      this.#deps.clock.after(0, () => standing.link.close("a frame of another connection arrived"));
      return refuse("stale_connection", "The frame carries another connection's number.", {
        retryable: true,
      });
    }
    return act(parsed.data);
  }
}
