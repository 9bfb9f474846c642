/** Where a code host shows a commit. Pure. */

/** What stands between a repository's page and a commit's, by how its host calls itself. */
const PATHS: readonly (readonly [RegExp, string])[] = [
  [/(^|\.)gitlab\./, "/-/commit/"],
  [/(^|\.)bitbucket\.org$/, "/commits/"],
  [/(^|\.)(github|gitea|forgejo|codeberg)\./, "/commit/"],
];
const ADDRESS =
  /^(?:(?<scheme>https?|ssh):\/\/)?(?:[^@/]+@)?(?<host>[^/:]+)(?::(?<port>\d+))?[:/]+(?<path>.+)$/;

/**
 * Of a remote as a rig has it (`https://…`, `ssh://…` or `git@host:…`). Null where the host's pages are not known, and for a
 * folder of this host.
 */
export function commitPage(remote: string, oid: string): string | null {
  const parts = ADDRESS.exec(remote)?.groups;
  if (parts === undefined || remote.startsWith("/") || remote.startsWith("file:")) return null;
  const { scheme, host = "", port, path = "" } = parts;
  const known = PATHS.find(([name]) => name.test(host));
  if (known === undefined) return null;
  // A port of ssh says nothing of the pages.
  const isWeb = scheme === "http" || scheme === "https";
  const origin = isWeb
    ? `${scheme}://${host}${port === undefined ? "" : `:${port}`}`
    : `https://${host}`;
  return `${origin}/${path.replace(/\/+$/, "").replace(/\.git$/, "")}${known[1]}${oid}`;
}
