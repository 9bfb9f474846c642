/** The one way in: parse, authorise, remember, apply, answer. */
import type { z } from "zod";
import {
  commands,
  ok,
  parseBody,
  refuse,
  type Ack,
  type CommandName,
  type CommandValue,
  type Result,
} from "../../protocol/index.ts";
import { applyCommand, type StateCommand } from "./registry.ts";
import type { CommandPorts } from "./command.ts";
import type { Caller } from "../core.ts";
import { storageRefusal } from "../loop/storage-refusal.ts";
import type { TownLoop } from "../loop/town-loop.ts";
import type { QueryPorts } from "../queries/query.ts";
import { answerQuery, type QueryName } from "../queries/registry.ts";
import type { Service, ServiceName } from "../services/registry.ts";
import { recallAnswer, rememberAnswer, writeAudit } from "../store/writes/feed.ts";

export interface CallPorts extends CommandPorts {
  loop: TownLoop;
  queries(): QueryPorts;
  services: { [N in ServiceName]: Service<N> };
}

export async function call(
  ports: CallPorts,
  name: string,
  input: unknown,
  caller: Caller,
  key?: string,
): Promise<Ack> {
  if (!Object.hasOwn(commands, name)) {
    return refuse(
      "unknown_command",
      `there is no command ${name.slice(0, 60)}. \`gastown call --help\` lists them.`,
    );
  }
  const command = commands[name as CommandName];
  if (!(command.roles as readonly string[]).includes(caller.principal)) {
    return refuse(
      "forbidden",
      `a ${caller.principal} may not call ${name}: only people with a login or an owner's token may.`,
    );
  }
  const parsed = parseBody<z.ZodType>(command.body, input ?? {});
  if (!parsed.ok) return parsed;
  if (command.mode === "query") return query(ports, name as QueryName, parsed.value);
  if (command.mode === "service") return serve(ports, name as ServiceName, parsed.value, caller);
  return change(ports, name as StateCommand, parsed.value, caller, key);
}

function query(ports: CallPorts, name: QueryName, body: unknown): Ack {
  const answer = answerQuery[name] as (ports: QueryPorts, body: unknown) => Result<unknown>;
  return answer(ports.queries(), body);
}

const AUDITED: ReadonlySet<ServiceName> = new Set(["token.create", "token.revoke", "login.create"]);

/** What gives or takes access is audited, whatever came of it. */
async function serve(
  ports: CallPorts,
  name: ServiceName,
  body: unknown,
  caller: Caller,
): Promise<Ack> {
  const answer = await ports.services[name](body as never, caller);
  if (AUDITED.has(name)) {
    await ports.loop.submit(`audit ${name}`, (tx) => {
      tx.actor = caller.actor;
      writeAudit(tx, name, answer.ok, answer.ok ? null : answer.error.code);
      return ok(null);
    });
  }
  return answer;
}

/** The same key with the same body answers as before; with another body it is an error. */
function change(
  ports: CallPorts,
  name: StateCommand,
  body: unknown,
  caller: Caller,
  callersKey?: string,
): Promise<Ack> {
  // Nobody can meet, or guess, the answers of another caller's keys.
  const key = callersKey === undefined ? undefined : `${caller.actor} ${callersKey}`;
  const bodyHash = Bun.hash(`${name} ${JSON.stringify(body)}`).toString(36);
  const changed = ports.loop.submit<unknown>(name, (tx) => {
    tx.actor = caller.actor;
    const remembered = key === undefined ? null : recallAnswer(tx, key);
    if (remembered) {
      if (remembered.command === name && remembered.bodyHash === bodyHash)
        return ok(remembered.answer);
      return refuse(
        "idempotency_conflict",
        "this idempotency key was used for another command. Use a new one.",
      );
    }
    const apply = applyCommand[name] as (
      tx: unknown,
      body: unknown,
      ports: CommandPorts,
    ) => Result<CommandValue<CommandName>>;
    const result = apply(tx, body, ports);
    if (!result.ok) return result;
    if (key !== undefined)
      rememberAnswer(tx, key, { command: name, bodyHash, answer: result.value });
    writeAudit(tx, name, true, null);
    return result;
  });
  return changed.catch((bug: unknown) => {
    const refusal = storageRefusal(bug);
    if (refusal !== null) return refusal;
    throw bug;
  });
}
