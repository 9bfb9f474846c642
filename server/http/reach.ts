/**
 * Under which names the town may be reached. A name it does not know could be a stranger's that points
 * here (DNS rebinding), and a page of another origin must not speak for the person (CSRF over sockets).
 */
import { isIP } from "node:net";
import { refuse, type Ack } from "../../protocol/index.ts";

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "::1"];
const WILDCARDS = new Set(["0.0.0.0", "::", ""]);

export interface ReachOptions {
  /** What the town listens on. */
  host: string;
  /** Where people reach it when that is elsewhere, e.g. behind a proxy. */
  publicUrl?: string;
}

export class Reach {
  readonly #names: ReadonlySet<string>;
  readonly #publicHost: string | null;
  readonly #addressesToo: boolean;

  constructor(options: ReachOptions) {
    this.#publicHost = options.publicUrl === undefined ? null : new URL(options.publicUrl).host;
    const publicName = options.publicUrl === undefined ? [] : [nameOf(this.#publicHost ?? "")];
    this.#addressesToo = WILDCARDS.has(options.host);
    this.#names = new Set([...LOOPBACK_NAMES, ...publicName, options.host.toLowerCase()]);
  }

  /** Whether a request that names this host is meant for us. */
  knowsHost(host: string | null): boolean {
    if (host === null) return false;
    const name = nameOf(host);
    // An address cannot be rebound: only names can be made to point elsewhere.
    return this.#names.has(name) || (this.#addressesToo && isIP(name) > 0);
  }

  /** Whether a page of `origin` is the town's own. The scheme may differ: a proxy may end TLS. */
  isOwnOrigin(origin: string, host: string | null): boolean {
    if (!URL.canParse(origin)) return false;
    const originHost = new URL(origin).host;
    return originHost !== "" && (originHost === host || originHost === this.#publicHost);
  }

  /** Refuses a foreign Host, and an Origin that is present and foreign. */
  check(headers: Headers): Ack<null> {
    const host = headers.get("host");
    const origin = headers.get("origin");
    if (!this.knowsHost(host)) {
      return refuse(
        "forbidden",
        "This host name is not one of the town's. Open it under its own address, or name it with --url.",
      );
    }
    if (origin !== null && !this.isOwnOrigin(origin, host)) {
      return refuse("forbidden", "Pages of another origin may not speak to the town.");
    }
    return { ok: true, value: null };
  }
}

/** The name in a Host header: without port and brackets, in lower case. */
function nameOf(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1");
}
