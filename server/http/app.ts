/** Every route of the town, on one page. What is not here is answered 404. */
import { Hono, type Context } from "hono";
import {
  idempotencyKeySchema,
  loginBodySchema,
  ok,
  refuse,
  type Ack,
} from "../../protocol/index.ts";
import type { Auth } from "../auth/auth.ts";
import type { Log, TownCore } from "../core.ts";
import { readJson } from "./body.ts";
import { askerOfRequest, cookieName } from "./credentials.ts";
import { addModelRelay, type RelayEnv as Env } from "./relay-routes.ts";
import type { ModelRelay } from "../relay/model-relay.ts";
import type { Reach } from "./reach.ts";
import { addRunnerRoutes } from "./runner-routes.ts";
import { setSecurityHeaders } from "./security-headers.ts";
import { openStaticFiles } from "./static-files.ts";
import { starting } from "./starting.ts";
import { ackResponse } from "./status.ts";

export interface AppOptions {
  /** Null until the town is open. */
  core: () => TownCore | null;
  auth: Auth;
  reach: Reach;
  relay: ModelRelay;
  log: Log;
  webDir: string;
  version: string;
  /** Whether people reach the town by https: cookies are then sent over nothing else. */
  secure: boolean;
}

export function createApp(options: AppOptions): Hono<Env> {
  const app = new Hono<Env>();
  const files = openStaticFiles(options.webDir);

  app.use(async (context, next) => {
    const allowed = options.reach.check(context.req.raw.headers);
    if (allowed.ok) await next();
    else context.res = ackResponse(allowed);
    setSecurityHeaders(context.res.headers, options.secure);
  });

  app.get("/health", () =>
    Response.json({ ok: options.core() !== null, version: options.version }),
  );
  app.post("/api/login", (context) => login(options, context));
  app.post("/api/logout", (context) => logout(options, context));
  addRunnerRoutes(app, options);
  addModelRelay(app, options.relay);
  app.post("/api/v1/:command", async (context) => {
    const ack = await command(options, context.req.param("command"), context.req.raw);
    return ackResponse(ack);
  });
  app.all("/api/*", () =>
    ackResponse(
      refuse("not_found", "There is no such address. Commands are at POST /api/v1/<command>."),
    ),
  );
  app.get("*", (context) => files.answer(context.req.path) ?? context.text("Not found.\n", 404));
  app.notFound((context) => context.text("Not found.\n", 404));
  app.onError((error, context) => {
    options.log.error(
      { error: String(error), stack: error.stack, path: context.req.path },
      "request failed",
    );
    const answer = ackResponse(
      refuse("internal", "The town failed on this request. Its log has the details."),
    );
    setSecurityHeaders(answer.headers, options.secure);
    return answer;
  });
  return app;
}

async function command(options: AppOptions, name: string, request: Request): Promise<Ack> {
  const core = options.core();
  if (core === null) return starting();
  const asker = askerOfRequest(options.auth, request.headers, core.townId);
  if (!asker.ok) return asker;
  const key = idempotencyKeySchema
    .optional()
    .safeParse(request.headers.get("idempotency-key") ?? undefined);
  if (!key.success) return refuse("invalid_body", "Idempotency-Key must have 8 to 120 characters.");
  const body = await readJson(request);
  return body.ok ? core.call(name, body.value, asker.value.caller, key.data) : body;
}

async function login(options: AppOptions, context: Context<Env>): Promise<Response> {
  const core = options.core();
  if (core === null) return ackResponse(starting());
  const { address } = context.env;
  const waitMs = options.auth.attempts.waitMs(address);
  if (waitMs > 0) {
    return ackResponse(
      refuse("rate_limited", "Too many failed logins from here. Wait a minute.", {
        retryable: true,
        minBackoffMs: waitMs,
      }),
    );
  }
  const body = await readJson(context.req.raw);
  if (!body.ok) return ackResponse(body);
  const parsed = loginBodySchema.safeParse(body.value);
  const made = parsed.success ? options.auth.exchangeLogin(parsed.data.token) : null;
  if (made === null) {
    options.auth.attempts.failed(address);
    return ackResponse(
      refuse(
        "unauthenticated",
        "This login link was used already or is too old. Run `gastown login` for another.",
      ),
    );
  }
  const response = ackResponse(ok({ secret: made.secret, townId: core.townId }));
  response.headers.set("set-cookie", cookieLine(options, core.townId, made.cookie, made.expiresAt));
  return response;
}

function logout(options: AppOptions, context: Context<Env>): Response {
  const core = options.core();
  if (core === null) return ackResponse(starting());
  const { headers } = context.req.raw;
  const asker = askerOfRequest(options.auth, headers, core.townId);
  if (!asker.ok) return ackResponse(asker);
  if (headers.has("authorization")) {
    return ackResponse(
      refuse("unsupported", "A token has no login to end. Revoke it with token.revoke."),
    );
  }
  options.auth.endLogin(asker.value.endsWith);
  const response = ackResponse(ok(null));
  response.headers.set("set-cookie", cookieLine(options, core.townId, "", 0));
  return response;
}

function cookieLine(options: AppOptions, townId: string, value: string, expiresAt: number): string {
  const parts = [
    `${cookieName(townId)}=${value}`,
    "Path=/",
    "HttpOnly",
    "SameSite=Strict",
    `Expires=${new Date(expiresAt).toUTCString()}`,
  ];
  return [...parts, ...(options.secure ? ["Secure"] : [])].join("; ");
}
