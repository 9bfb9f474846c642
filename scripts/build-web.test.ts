// The built page, from a small page of the test's own.
import { expect, test } from "bun:test";
import { readdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { tempDir } from "../tests/support/temp-dir.ts";
import { buildWeb, inlineScripts } from "./build-web.ts";

const page = `<!doctype html><html><head><link rel="stylesheet" href="./styles.css"></head>
<body><script type="module" src="./main.tsx"></script></body></html>`;

async function plant(root: string, main: string): Promise<string> {
  await symlink(join(dirname(import.meta.dir), "node_modules"), join(root, "node_modules"));
  await Bun.write(join(root, "web/index.html"), page);
  await Bun.write(
    join(root, "web/styles.css"),
    `@import "tailwindcss";\n@import "@fontsource-variable/inter";\n`,
  );
  await Bun.write(join(root, "web/main.tsx"), main);
  await Bun.write(join(root, "web/later.ts"), `export const later = "split-off";\n`);
  return join(root, "web/index.html");
}

test("[A1] the page has hashed files, its classes, fonts as files, split code, and nothing inline", async () => {
  await using dir = await tempDir("web");
  const main = `document.body.className = "grid text-red-500";\nvoid import("./later.ts");\n`;
  const out = join(dir.path, "dist/web");
  const built = await buildWeb(await plant(dir.path, main), out);
  expect(built.ok).toBe(true);
  const names = await readdir(out);
  const html = await Bun.file(join(out, "index.html")).text();
  expect(inlineScripts(html)).toEqual([]);
  expect(html).not.toMatch(/<style|\son\w+=/);
  expect(html).toMatch(/src="\/index-\w+\.js"/);
  const sheet = names.find((name) => /^index-\w+\.css$/.test(name));
  const css = await Bun.file(join(out, sheet ?? "")).text();
  expect(css).toContain(".text-red-500");
  expect(css).not.toContain("data:font");
  const fonts = [...css.matchAll(/url\("?\/([^)"]+\.woff2)"?\)/g)].map(([, name]) => name);
  expect(fonts.length).toBeGreaterThan(1);
  expect(names).toEqual(expect.arrayContaining(fonts));
  const entry = names.find((name) => /^index-\w+\.js$/.test(name));
  expect(await Bun.file(join(out, entry ?? "")).text()).not.toContain("split-off");
});

test("[A1] a page that cannot be built says where, and leaves the old one", async () => {
  await using dir = await tempDir("web");
  const out = join(dir.path, "dist/web");
  await Bun.write(join(out, "index.html"), "old");
  const built = await buildWeb(await plant(dir.path, `import "./missing.ts";\n`), out);
  expect(built).toEqual({ ok: false, messages: [expect.stringContaining("main.tsx:1")] });
  expect(await Bun.file(join(out, "index.html")).text()).toBe("old");
  expect(await readdir(join(dir.path, "dist"))).toEqual(["web"]);
});

test("[A1] a script without a source is seen", () => {
  expect(inlineScripts(`<script>go()</script><script type="module" src="/a.js"></script>`)).toEqual(
    ["<script>"],
  );
});
