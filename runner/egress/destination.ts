/** Which destinations a run may reach beyond its gateway. Pure. */
import { BlockList, isIP, isIPv6 } from "node:net";
import type { Egress } from "../../protocol/entities/egress.ts";

/** Every public address, or the named `host:port` pairs. */
export type Reach = "public" | readonly string[];

/** What a rig's setting means for its gates. */
export function networkOf(egress: Egress): "none" | { reach: Reach } {
  const reach = reachOf(egress);
  return reach === null ? "none" : { reach };
}

/** Null: nothing is reached. */
export function reachOf(egress: Egress): Reach | null {
  if (egress === "none") return null;
  return egress === "open" ? "public" : egress;
}

export type Destination = { host: string; port: number };

/** Not of the internet: the host itself, its neighbours, link-local (a cloud's metadata), documentation, multicast. */
const PRIVATE_V4 = subnets("ipv4", [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"],
  ...["172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"],
  ...["198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
]);
/** Only what is given out to the internet (2000::/3) is public, without what carries an IPv4 address inside. */
const PRIVATE_V6 = subnets("ipv6", [
  ...["::/3", "4000::/2", "8000::/1"],
  ...["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"],
]);

/** One list per family: a list of both takes an IPv4 address for the IPv6 one that stands for it. */
function subnets(family: "ipv4" | "ipv6", ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", prefix] = range.split("/");
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** Whether an address is one of the internet's. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !PRIVATE_V4.check(address, "ipv4");
  return family === 6 && !PRIVATE_V6.check(address, "ipv6");
}

/** `host:port` with the host in small letters, an IPv6 address in brackets; null for anything else. */
export function parseDestination(text: string): Destination | null {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  const host = (bracketed ?? plain)?.toLowerCase().replace(/\.$/, "");
  if (host === undefined || host === "" || port < 1 || port > 65_535) return null;
  return bracketed !== undefined && !isIPv6(host) ? null : { host, port };
}

/** Whether the name may be asked for at all, before it is resolved. */
export function isNamed(reach: Reach, { host, port }: Destination): boolean {
  if (reach === "public") return true;
  return reach.some((text) => {
    const named = parseDestination(text);
    return named !== null && named.host === host && named.port === port;
  });
}

/**
 * Whether it may be connected to at this address: a private one, or one of this host's `own`, only where the list names
 * the address itself.
 */
export function mayConnect(
  reach: Reach,
  destination: Destination,
  address: string,
  own: readonly string[],
): boolean {
  if (!isNamed(reach, destination)) return false;
  const isBeyond = isPublicAddress(address) && !own.includes(address);
  return isBeyond || (reach !== "public" && destination.host === address);
}
