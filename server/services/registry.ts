/** Services: they ask the outside (a model, a runner, auth.db) and change nothing of the town's state. */
import { eq } from "drizzle-orm";
import {
  ok,
  refuse,
  type CommandBody,
  type CommandName,
  type CommandValue,
  type Result,
} from "../../protocol/index.ts";
import type { AuthPort, Caller, RunnerPort } from "../core.ts";
import type { Db } from "../store/database.ts";
import { findIssueRow } from "../queries/find-issue.ts";
import { rigs } from "../store/schema/runs.ts";
import { anyOnline, browseRig, lookedAt } from "./browse-rig.ts";
import { testCredential } from "./test-credential.ts";
import { readModelKey, readStoredModel } from "../store/settings.ts";
import type { ModelTest } from "../town-options.ts";

export type Service<N extends CommandName> = (
  body: CommandBody<N>,
  caller: Caller,
) => Promise<Result<CommandValue<N>>>;
export type ServiceName =
  | "model.test"
  | "bead.diff"
  | "rig.browse"
  | "credential.test"
  | "token.create"
  | "token.list"
  | "token.revoke"
  | "login.create";

export interface ServicePorts {
  db: Db;
  auth: AuthPort;
  runners: RunnerPort;
  online: (runnerId: string) => boolean;
  /** Those who joined with this token are runners no more. */
  revoked(tokenId: string): Promise<void>;
  modelTest: ModelTest;
  loginUrl(token: string): string;
}

export function makeServices(ports: ServicePorts): { [N in ServiceName]: Service<N> } {
  const { auth } = ports;
  return {
    "model.test": (body) => testModel(ports, body),
    "bead.diff": (body) => diff(ports, body.bead),
    "rig.browse": (body) => browseRig(ports, body),
    "credential.test": (body) => testCredential(ports, body),
    "token.create": (body) =>
      Promise.resolve(ok(auth.createToken(body.role, body.name, body.rights))),
    "token.list": () => Promise.resolve(ok(auth.listTokens())),
    "token.revoke": async ({ id }) => {
      if (!auth.revokeToken(id))
        return refuse("not_found", "there is no such token: see `gastown token list`.");
      await ports.revoked(id);
      return ok({ id });
    },
    "login.create": () => {
      const { token, expiresAt } = auth.createLogin();
      return Promise.resolve(ok({ url: ports.loginUrl(token), expiresAt }));
    },
  };
}

function storedKey({ db, auth }: ServicePorts): string | null {
  return readModelKey(db, (rowId, sealed) => auth.unseal(rowId, sealed)).key;
}

function testModel(
  ports: ServicePorts,
  body: CommandBody<"model.test">,
): Promise<Result<CommandValue<"model.test">>> {
  const stored = readStoredModel(ports.db);
  const baseUrl = body.baseUrl ?? stored?.baseUrl;
  const model = body.model ?? stored?.model;
  if (!baseUrl || !model) {
    return Promise.resolve(
      refuse("no_model", "no model is set up: give an address and a model, or save them first."),
    );
  }
  // The stored key goes only to the address that it was stored for.
  const sameAddress = stored !== null && baseUrl.replace(/\/+$/, "") === stored.baseUrl;
  const key = body.key || (sameAddress ? storedKey(ports) : null);
  return ports.modelTest({
    provider: body.provider ?? stored?.provider ?? "openai-compatible",
    baseUrl,
    key,
    model,
  });
}

async function diff(ports: ServicePorts, ref: string): Promise<Result<CommandValue<"bead.diff">>> {
  const issue = findIssueRow(ports.db, ref);
  if (!issue.ok) return issue;
  const { baseOid, headOid, rigId } = issue.value;
  if (!baseOid || !headOid)
    return refuse(
      "not_found",
      "this bead has no submitted work yet: look again when it is in review.",
    );
  const rig = ports.db.select().from(rigs).where(eq(rigs.id, rigId)).get();
  if (!rig) return refuse("not_found", "the rig of this bead is gone.");
  const runner = anyOnline(ports, rig);
  if (!runner.ok) return runner;
  const answer = await ports.runners.diff(runner.value.id, {
    connection: runner.value.connection,
    rig: lookedAt(rig),
    baseOid,
    headOid,
  });
  return answer.ok ? ok({ baseOid, headOid, ...answer.value }) : answer;
}
