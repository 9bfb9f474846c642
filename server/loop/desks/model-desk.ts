/**
 * Who may call the model, and with what: the key for runs on runners that may have it, a pass for the others, whose calls
 * go through the town and are counted here.
 */
import { eq } from "drizzle-orm";
import {
  ok,
  refuse,
  type CredentialFrame,
  type Fence,
  type ModelCredential,
  type Result,
} from "../../../protocol/index.ts";
import { MODEL_RELAY_PATH } from "../../../protocol/model-api/relay.ts";
import type { AuthPort, Clock, ModelGrant, RelayedUse } from "../../core.ts";
import type { Policy } from "../../model/policy.ts";
import { isPaused, providerWords, type SeenTrouble } from "../../model/provider.ts";
import { RunPasses } from "../../relay/run-passes.ts";
import type { Db } from "../../store/database.ts";
import { changeRow, rowAt } from "../../store/rows.ts";
import { providers } from "../../store/schema/limits.ts";
import { runners, runs } from "../../store/schema/runs.ts";
import { readModelKey, readStoredModel } from "../../store/settings.ts";
import type { RunnerRow } from "../../store/writes/runners.ts";
import { recordUsage } from "../../store/writes/usage.ts";
import type { TownLoop } from "../town-loop.ts";

export interface ModelDeskPorts {
  db: Db;
  loop: TownLoop;
  auth: Pick<AuthPort, "unseal">;
  clock: Clock;
  policy: () => Policy;
  /** Why this runner may not act for the run any more, or null. */
  refusal: (runnerId: string, runId: string, fence: Fence) => string | null;
  /** When the runner was heard last. */
  heardAt: (runner: RunnerRow) => number;
}

type RunRow = typeof runs.$inferSelect;
type Endpoint = Pick<ModelGrant, "baseUrl" | "apiKey">;

export class ModelDesk {
  readonly #ports: ModelDeskPorts;
  readonly #passes = new RunPasses();

  constructor(ports: ModelDeskPorts) {
    this.#ports = ports;
  }

  credential(runnerId: string, { runId, fence }: CredentialFrame): Result<ModelCredential> {
    const { db, refusal } = this.#ports;
    const stale = refusal(runnerId, runId, fence);
    if (stale) return refuse("stale_fence", stale);
    const run = rowAt(db, runs, runId);
    if (run && run.stopOrderedAt !== null) return toldToStop();
    if (!run?.agentId) return refuse("forbidden", "this run has no agent, so it needs no model.");
    if (!run.relayed && !rowAt(db, runners, runnerId)?.rights.includes("model"))
      return refuse(
        "forbidden",
        "this runner may not have the model's key any more: give it the right model back, or let the run go on elsewhere.",
      );
    const provider = readStoredModel(db)?.provider ?? "scripted";
    const endpoint = this.#endpoint();
    if (!endpoint.ok) return endpoint;
    if (!run.relayed) return ok({ provider, ...endpoint.value });
    const apiKey = this.#passes.passOf({ runId, runnerId, fence });
    return ok({ provider, baseUrl: MODEL_RELAY_PATH, apiKey, viaTown: true });
  }

  /** Where the calls of a run go that come with this pass, while it lives and may spend: see `TownCore`. */
  grant(pass: string, model?: string): Result<ModelGrant> {
    const { db, clock, heardAt } = this.#ports;
    const run = rowAt(db, runs, RunPasses.runIdOf(pass));
    const runner = run && rowAt(db, runners, run.runnerId);
    if (!run || !runner || !this.#isOf(pass, run) || runner.revokedAt !== null)
      return refuse(
        "unauthenticated",
        "This pass is none of a live run: the run's runner asks for another.",
      );
    if (run.stopOrderedAt !== null) return toldToStop();
    if (clock.now() - heardAt(runner) > this.#ports.policy().leaseTtlMs)
      return refuse("offline", "The town does not hear this run's runner. Try again.", {
        retryable: true,
      });
    const held = model === undefined ? null : this.#heldBack(run, model);
    if (held) return held;
    const endpoint = this.#endpoint();
    if (!endpoint.ok) return endpoint;
    const names = "model" in run.spec ? [run.spec.model.model, run.spec.model.smallModel] : [];
    return ok({ runId: run.id, ...endpoint.value, models: [...new Set(names)] });
  }

  used(runId: string, use: RelayedUse | SeenTrouble): Promise<Result<null>> {
    return this.#ports.loop.submit("model.used", (tx) => {
      tx.actor = `run:${runId}`;
      if ("trouble" in use) changeRow(tx.db, runs, runId, { relayTrouble: use });
      else {
        changeRow(tx.db, runs, runId, { relayTrouble: null });
        recordUsage(tx, runId, { kind: "usage", ...use });
      }
      return ok(null);
    });
  }

  #isOf(pass: string, run: RunRow): boolean {
    const fence = { epoch: run.fenceEpoch, n: run.fenceN };
    const isIts = this.#passes.isOf(pass, { runId: run.id, runnerId: run.runnerId, fence });
    return isIts && run.relayed && run.state !== "ended";
  }

  /** The provider has asked to be left alone, by another run's call perhaps. */
  #heldBack({ kind }: RunRow, model: string): Result<never> | null {
    const { db, clock } = this.#ports;
    const lane = kind === "session" ? "mayor" : "agents";
    const provider = db.select().from(providers).where(eq(providers.lane, lane)).get();
    if (!provider || provider.untilAt === null || !isPaused(provider, clock.now())) return null;
    const { state, untilAt } = provider;
    // Quota of one model leaves the others free; what cannot be reached, the next call finds out.
    if (state !== "throttled" && (state !== "quota" || (provider.model ?? model) !== model))
      return null;
    const minBackoffMs = untilAt - clock.now();
    return refuse("rate_limited", `Wait: ${providerWords(provider)}.`, {
      retryable: true,
      minBackoffMs,
    });
  }

  #endpoint(): Result<Endpoint> {
    const { db, auth } = this.#ports;
    const model = readStoredModel(db);
    if (!model) return refuse("no_model", "no model is set up: choose one in Settings.");
    const { key, set } = readModelKey(db, (rowId, sealed) => auth.unseal(rowId, sealed));
    if (set && key === null)
      return refuse(
        "secret_unreadable",
        "the model's key can no longer be read: enter it again in Settings.",
      );
    return ok({ baseUrl: model.baseUrl, apiKey: key });
  }
}

function toldToStop(): Result<never> {
  return refuse("forbidden", "this run was told to stop: it may not spend any more.");
}
