/** A code host on loopback: git's own server program behind HTTP that asks who it is. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { testExec } from "./git-exec.ts";
import { lfsPath } from "./lfs.ts";

export interface Member {
  password: string;
  /** It may push. */
  writes: boolean;
}

export interface Asked {
  path: string;
  service: "read" | "write";
  /** As it came: `user:password`; null: nobody said who he is. */
  as: string | null;
}

export interface GitHost extends AsyncDisposable {
  readonly url: string;
  /** By user name; may be changed at any time. */
  readonly members: Map<string, Member>;
  readonly asked: Asked[];
  /** Requests below this path are sent on to that address. */
  readonly moved: Map<string, string>;
}

const LIMIT_MS = 30_000;
const BYTES_MAX = 64 * 1024 * 1024;

/** Serves the bare repositories below `root`, each at its path, to members alone. */
export function openGitHost(root: string, members: Record<string, Member> = {}): GitHost {
  const known = new Map(Object.entries(members));
  const asked: Asked[] = [];
  const moved = new Map<string, string>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 60,
    async fetch(request) {
      const url = new URL(request.url);
      const writes = `${url.pathname}${url.search}`.includes("git-receive-pack");
      const as = userOf(request.headers.get("authorization"));
      asked.push({ path: url.pathname, service: writes ? "write" : "read", as });
      for (const [path, to] of moved)
        if (url.pathname.startsWith(path))
          return Response.redirect(to + url.pathname.slice(path.length) + url.search, 301);
      const [name = "", password] = as?.split(/:(.*)/s) ?? [];
      const member = known.get(name);
      if (member === undefined || member.password !== password) {
        const headers = { "www-authenticate": 'Basic realm="git"' };
        return new Response("who are you?", { status: 401, headers });
      }
      if (writes && !member.writes) return new Response("you may not write", { status: 403 });
      const kept = /^\/(.+)\/info\/lfs\/objects\/(.+)$/.exec(url.pathname);
      if (kept !== null) return await serveLfs(root, request, kept[1] ?? "", kept[2] ?? "");
      return await serve(root, request, url, name);
    },
  });
  return {
    url: server.url.href.replace(/\/$/, ""),
    members: known,
    asked,
    moved,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

const batchSchema = z.object({
  operation: z.literal("download"),
  objects: z.array(z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.number() })),
});

/** Downloads of Git LFS, by its batch interface. */
async function serveLfs(
  root: string,
  request: Request,
  name: string,
  what: string,
): Promise<Response> {
  // Whose address has no ending is asked with one.
  const gitDir = join(root, existsSync(join(root, name)) ? name : name.replace(/\.git$/, ""));
  const fileOf = (oid: string) => Bun.file(lfsPath(gitDir, oid));
  if (what !== "batch") return new Response(fileOf(what));
  const { objects } = batchSchema.parse(await request.json());
  const found = objects.map(async ({ oid, size }) => {
    const href = `${new URL(request.url).origin}/${name}/info/lfs/objects/${oid}`;
    const isKept = await fileOf(oid).exists();
    const error = { code: 404, message: "Object does not exist on the server" };
    return { oid, size, ...(isKept ? { actions: { download: { href } } } : { error }) };
  });
  const headers = { "content-type": "application/vnd.git-lfs+json" };
  return new Response(JSON.stringify({ objects: await Promise.all(found) }), { headers });
}

function userOf(header: string | null): string | null {
  const basic = /^Basic (.+)$/.exec(header ?? "")?.[1];
  return basic === undefined ? null : Buffer.from(basic, "base64").toString();
}

/** One request as the server program takes it: by the rules of CGI. */
async function serve(root: string, request: Request, url: URL, user: string): Promise<Response> {
  const body = new Uint8Array(await request.arrayBuffer());
  const header = (name: string) => request.headers.get(name) ?? "";
  const { exit, stdout, stderr } = await testExec.run(["git", "http-backend"], {
    cwd: root,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: root,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_COUNT: "2",
      GIT_CONFIG_KEY_0: "http.receivepack",
      GIT_CONFIG_VALUE_0: "true",
      GIT_CONFIG_KEY_1: "safe.directory",
      GIT_CONFIG_VALUE_1: "*",
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: header("git-protocol"),
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: header("content-type"),
      CONTENT_LENGTH: String(body.byteLength),
      HTTP_CONTENT_ENCODING: header("content-encoding"),
      REMOTE_USER: user,
      REMOTE_ADDR: "127.0.0.1",
    },
    stdin: body,
    timeoutMs: LIMIT_MS,
    outputBytesMax: BYTES_MAX,
  });
  const end = Buffer.from(stdout).indexOf("\r\n\r\n");
  if (exit.code !== 0 || end < 0) return new Response(stderr, { status: 500 });
  const headers = new Headers();
  for (const line of new TextDecoder().decode(stdout.slice(0, end)).split("\r\n")) {
    const at = line.indexOf(":");
    headers.append(line.slice(0, at), line.slice(at + 1).trim());
  }
  const status = Number.parseInt(headers.get("status") ?? "200", 10);
  headers.delete("status");
  return new Response(stdout.slice(end + 4), { status, headers });
}
