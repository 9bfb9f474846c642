/** The built web pages: hashed files for ever, the page itself always fresh, and the page for every app route. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Names the bundler gives to what never changes: `chunk-x1y2z3ab.js`. */
const HASHED = /-[0-9a-z]{8,}\.[a-z0-9]+$/;
const FOREVER = "public, max-age=31536000, immutable";

export interface StaticFiles {
  /** The file for a path, the page for an app route, or null. */
  answer(path: string): Response | null;
}

/** Only files listed at the start are served: a path can name nothing else. */
export function openStaticFiles(webDir: string): StaticFiles {
  const files = new Map(listFiles(webDir).map((name) => [`/${name}`, join(webDir, name)]));
  const page = files.get("/index.html");
  return {
    answer(path) {
      const file = files.get(path);
      if (file !== undefined && path !== "/index.html") {
        const cache = HASHED.test(path) ? FOREVER : "no-cache";
        return new Response(Bun.file(file), { headers: { "cache-control": cache } });
      }
      // A last segment with a dot is a file's name: a missing file must not answer with the page.
      if (path !== "/index.html" && /\.[^/]*$/.test(path)) return null;
      if (page === undefined) return notBuilt();
      return new Response(Bun.file(page), { headers: { "cache-control": "no-store" } });
    },
  };
}

function listFiles(webDir: string): string[] {
  try {
    return readdirSync(webDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
      .map((entry) => join(entry.parentPath, entry.name).slice(webDir.length + 1));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

function notBuilt(): Response {
  return new Response(
    "The web pages are not built. Start the town with ./gastown, which builds them.\n",
    {
      status: 404,
      headers: { "content-type": "text/plain; charset=utf-8" },
    },
  );
}
