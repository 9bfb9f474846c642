/** Who may open a connection: a person's page or a program on `/`, a runner on `/runner`. */
import {
  PROTOCOL_VERSION,
  PROTOCOL_VERSION_LOWEST,
  refuse,
  runnerHandshakeSchema,
  userHandshakeSchema,
  type Result,
} from "../../protocol/index.ts";
import type { Auth } from "../auth/auth.ts";
import {
  askerOfLogin,
  askerOfToken,
  cookieName,
  readCookie,
  type Asker,
} from "../http/credentials.ts";
import { firstProblem } from "./receive.ts";

/** The part of a Socket.IO handshake that is asked. */
export interface Handshake {
  auth: unknown;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A user connection: an owner's token, or cookie and session secret from a page of our own. */
export function admitUser(auth: Auth, townId: string, handshake: Handshake): Result<Asker> {
  const parsed = userHandshakeSchema.safeParse(handshake.auth);
  if (!parsed.success)
    return refuse("invalid_body", `The handshake is wrong: ${firstProblem(parsed.error)}.`);
  const served = checkVersion(parsed.data.version);
  if (!served.ok) return served;
  const { token, secret } = parsed.data;
  if (token === undefined) {
    if (textOf(handshake.headers["origin"]) === null) {
      return refuse(
        "unauthenticated",
        "Without a page of the town a connection needs an API token.",
      );
    }
    const cookie = readCookie(textOf(handshake.headers["cookie"]), cookieName(townId));
    return askerOfLogin(auth, cookie, secret ?? null);
  }
  const asker = askerOfToken(auth, token);
  if (asker.ok && asker.value.caller.principal !== "owner") {
    return refuse("forbidden", "A runner's token opens the runner's connection only.");
  }
  return asker;
}

/** A runner connection: a runner's token and nothing else. */
export function admitRunner(auth: Auth, handshake: Handshake): Result<Asker> {
  const parsed = runnerHandshakeSchema.safeParse(handshake.auth);
  if (!parsed.success)
    return refuse("invalid_body", `The handshake is wrong: ${firstProblem(parsed.error)}.`);
  const served = checkVersion(parsed.data.version);
  if (!served.ok) return served;
  const asker = askerOfToken(auth, parsed.data.token);
  if (asker.ok && asker.value.caller.principal !== "runner") {
    return refuse(
      "forbidden",
      "A runner needs a runner's token: `gastown token create --role runner`.",
    );
  }
  return asker;
}

function checkVersion(version: number): Result<null> {
  if (version >= PROTOCOL_VERSION_LOWEST && version <= PROTOCOL_VERSION)
    return { ok: true, value: null };
  return refuse(
    "protocol_version",
    `This town speaks protocol ${PROTOCOL_VERSION_LOWEST} to ${PROTOCOL_VERSION}, not ${version}. Install the town's version.`,
  );
}

function textOf(header: string | string[] | undefined): string | null {
  return typeof header === "string" ? header : null;
}
