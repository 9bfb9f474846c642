/** To which addresses a user name and a secret may be sent. */

/** Nobody listens between two programs of one host. */
const OWN_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** Why a repository there takes no credential, as a sentence; null when it does. */
export function noCredentialFor(remote: string): string | null {
  const url = URL.parse(remote);
  if (url === null || !/^https?:$/.test(url.protocol))
    return "only a repository at an https address takes a user name and a token: for others git goes with what each host has.";
  if (url.protocol === "http:" && !OWN_HOST.test(url.hostname))
    return "over http everybody on the way could read the token: add the repository by its https address.";
  if (url.search !== "" || url.hash !== "")
    return "the address has more than a path: add the repository without what follows ? or #.";
  return null;
}
