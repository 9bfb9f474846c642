/** How a runner joins, and where it gets what its next handshake signs. */
import type { Env, Hono } from "hono";
import { challengeBodySchema, joinBodySchema, ok, refuse, type Ack } from "../../protocol/index.ts";
import type { Auth } from "../auth/auth.ts";
import type { Log, TownCore } from "../core.ts";
import { readJson } from "./body.ts";
import { bearerOf } from "./credentials.ts";
import { ackResponse } from "./status.ts";
import { starting } from "./starting.ts";

interface Door {
  core: () => TownCore | null;
  auth: Auth;
  log: Log;
}

export function addRunnerRoutes<E extends Env>(app: Hono<E>, door: Door): void {
  app.post("/api/runner/join", async (context) => ackResponse(await join(door, context.req.raw)));
  app.post("/api/runner/challenge", async (context) =>
    ackResponse(await challenge(door, context.req.raw)),
  );
}

async function join({ core, auth, log }: Door, request: Request): Promise<Ack> {
  const town = core();
  if (town === null) return starting();
  const body = await readJson(request);
  if (!body.ok) return body;
  const parsed = joinBodySchema.safeParse(body.value);
  if (!parsed.success)
    return refuse("invalid_body", "A runner joins with its public key: {publicKey}.");
  const token = bearerOf(request.headers) ?? "";
  if (auth.checkToken(token)?.role === "owner") {
    return refuse(
      "forbidden",
      "A runner needs a runner's token: `gastown token create --role runner --rights model,merge`.",
    );
  }
  const joining = auth.joinRunner(token, parsed.data.publicKey);
  if (joining.end === "joined") {
    log.info({ token: joining.member }, "a runner has joined with its key");
    return ok({ member: joining.member, townId: town.townId });
  }
  if (joining.end === "unknown") {
    return refuse(
      "unauthenticated",
      "This token is unknown or revoked. Ask the town's owner for another.",
    );
  }
  log.warn({ token: joining.member }, "a runner's token was used twice");
  await town.joinedTwice(joining.member);
  return refuse(
    "unauthenticated",
    "This token was used by another runner before. Both are shut out, and the town's owner is told. Ask for another token.",
  );
}

async function challenge({ core, auth }: Door, request: Request): Promise<Ack> {
  const town = core();
  if (town === null) return starting();
  const body = await readJson(request);
  if (!body.ok) return body;
  if (!challengeBodySchema.safeParse(body.value).success)
    return refuse("invalid_body", "A challenge is asked for with an empty body.");
  return ok({ nonce: auth.freshChallenge(), townId: town.townId });
}
