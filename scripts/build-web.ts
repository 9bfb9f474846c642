// Builds web/index.html into dist/web: minified, split, with hashed names and nothing inline, so that a page served
// with `script-src 'self'` runs it. The new tree replaces the old one in one rename.
import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import type { BunPlugin } from "bun";
import tailwind from "bun-plugin-tailwind";

export type WebBuild =
  | { ok: true; files: { path: string; bytes: number }[] }
  | { ok: false; messages: string[] };

/** Bundles the page at `entry` into `outDir`, which it replaces. What is wrong with the sources comes back as sentences. */
export async function buildWeb(entry: string, outDir: string): Promise<WebBuild> {
  await mkdir(dirname(outDir), { recursive: true });
  const fresh = await mkdtemp(`${outDir}.`);
  try {
    const fonts = new Map<string, string>();
    const built = await Bun.build({
      entrypoints: [entry],
      outdir: fresh,
      target: "browser",
      minify: true,
      splitting: true,
      sourcemap: "none",
      publicPath: "/",
      naming: { entry: "[name].[ext]", chunk: "[name]-[hash].[ext]", asset: "[name]-[hash].[ext]" },
      define: { "process.env.NODE_ENV": '"production"' },
      plugins: [fontsAsFiles(fonts), tailwind],
      throw: false,
    });
    if (!built.success) return { ok: false, messages: built.logs.map(sentence) };
    const inline = inlineScripts(await Bun.file(join(fresh, "index.html")).text());
    if (inline.length > 0) {
      return {
        ok: false,
        messages: inline.map(
          (tag) => `the page has an inline script, which its policy refuses: ${tag}`,
        ),
      };
    }
    const files = built.outputs.map((file) => ({
      path: file.path.slice(fresh.length + 1),
      bytes: file.size,
    }));
    for (const [name, source] of fonts) {
      files.push({ path: name, bytes: await Bun.write(join(fresh, name), Bun.file(source)) });
    }
    await chmod(fresh, 0o755);
    await rm(outDir, { recursive: true, force: true });
    await rename(fresh, outDir);
    return { ok: true, files };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

function sentence(log: BuildMessage | ResolveMessage): string {
  const { position } = log;
  if (!position) return log.message;
  const line = position.line > 0 ? `:${position.line}` : "";
  return `${position.file}${line}: ${log.message}`;
}

/** Keeps fonts out of the style sheet: the bundler would inline them, and every page load would carry every alphabet. */
function fontsAsFiles(found: Map<string, string>): BunPlugin {
  return {
    name: "fonts-as-files",
    setup(build) {
      build.onResolve({ filter: /\.woff2?$/ }, async (asked) => {
        const source = resolve(asked.resolveDir, asked.path);
        const extension = extname(source);
        const hash = Bun.hash(await Bun.file(source).bytes())
          .toString(36)
          .slice(0, 8);
        const name = `${basename(source, extension)}-${hash}${extension}`;
        found.set(name, source);
        return { path: `/${name}`, external: true };
      });
    },
  };
}

/** The opening tags of the scripts of a page that have no `src`. */
export function inlineScripts(html: string): string[] {
  const tags = html.match(/<script\b[^>]*>/gi) ?? [];
  return tags.filter((tag) => !/\ssrc\s*=/i.test(tag));
}

if (import.meta.main) {
  const root = dirname(import.meta.dir);
  const built = await buildWeb(join(root, "web", "index.html"), join(root, "dist", "web"));
  if (built.ok) {
    const bytes = built.files.reduce((sum, file) => sum + file.bytes, 0);
    console.log(`dist/web: ${built.files.length} files, ${Math.round(bytes / 1000)} kB`);
  } else {
    for (const message of built.messages) console.error(message);
    process.exit(1);
  }
}
