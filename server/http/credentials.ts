/** Who asks, by the headers of a request or the handshake of a socket. */
import { refuse, type Result } from "../../protocol/index.ts";
import type { Auth } from "../auth/auth.ts";
import type { Caller } from "../core.ts";

/** A known asker. `endsWith` is the id of the token or login whose end closes the connection. */
export interface Asker {
  caller: Caller;
  endsWith: string;
}

export const SECRET_HEADER = "x-gastown-secret";

/** The cookie's name holds the town, because towns on other ports of a host share its cookies. */
export function cookieName(townId: string): string {
  return `gastown_${townId}`;
}

/** Value of a cookie in a Cookie header. */
export function readCookie(header: string | null, name: string): string | null {
  for (const part of (header ?? "").split(";")) {
    const equals = part.indexOf("=");
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return null;
}

export function askerOfToken(auth: Auth, token: string): Result<Asker> {
  const found = auth.checkToken(token);
  if (found === null) {
    return refuse(
      "unauthenticated",
      "This token is unknown or revoked. Ask the town's owner for another.",
    );
  }
  if (found.role === "runner") return { ok: true, value: askerOfRunner(found.id) };
  return {
    ok: true,
    value: { caller: { principal: "owner", actor: "person:owner" }, endsWith: found.id },
  };
}

/** @param tokenId for which the runner's key was taken */
export function askerOfRunner(tokenId: string): Asker {
  return {
    caller: { principal: "runner", actor: `runner-token:${tokenId}` },
    endsWith: tokenId,
  };
}

/** A person's login: the cookie alone authorises nothing. */
export function askerOfLogin(
  auth: Auth,
  cookie: string | null,
  secret: string | null,
): Result<Asker> {
  const login = cookie === null || secret === null ? null : auth.checkLogin(cookie, secret);
  if (login === null) {
    return refuse(
      "unauthenticated",
      "You are not logged in here. Open a fresh link from `gastown login`.",
    );
  }
  return {
    ok: true,
    value: { caller: { principal: "owner", actor: "person:owner" }, endsWith: login.id },
  };
}

export function bearerOf(headers: Headers): string | null {
  return /^Bearer (\S+)$/i.exec(headers.get("authorization") ?? "")?.[1] ?? null;
}

/** A bearer token, or cookie and secret from a page of our own: without an Origin only a token counts. */
export function askerOfRequest(auth: Auth, headers: Headers, townId: string): Result<Asker> {
  const bearer = bearerOf(headers);
  if (bearer !== null) return askerOfToken(auth, bearer);
  if (headers.get("origin") === null) {
    return refuse("unauthenticated", "Send an API token: `Authorization: Bearer …`.");
  }
  return askerOfLogin(
    auth,
    readCookie(headers.get("cookie"), cookieName(townId)),
    headers.get(SECRET_HEADER),
  );
}
