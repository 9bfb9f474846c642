import { expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findKilo } from "./kilo-binary.ts";

const PLATFORM_PACKAGE = `cli-${process.platform}-${process.arch}`;

/** Lays out a package directory as installers do: a script, and the native program beside it. */
function install(root: string): { script: string; native: string } {
  const native = join(root, "node_modules/@kilocode", PLATFORM_PACKAGE, "bin/kilo");
  const script = join(root, "node_modules/@kilocode/cli/bin/kilo");
  for (const path of [native, script]) mkdirSync(dirname(path), { recursive: true });
  copyFileSync("/bin/true", native);
  writeFileSync(script, "#!/usr/bin/env node\n");
  for (const path of [native, script]) chmodSync(path, 0o755);
  return { script, native };
}

test("[C1] kilo is looked for in the setting, PATH, the dependency and the data directory, and the native program is taken", () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "gt-kilo-")));
  const [global, dependency, own] = ["global", "dependency", "own"].map((name) =>
    install(join(dir, name)),
  );
  mkdirSync(join(dir, "bin"));
  symlinkSync(global?.script ?? "", join(dir, "bin/kilo"));
  const search = {
    setting: null,
    path: join(dir, "bin"),
    roots: [join(dir, "dependency")],
    installDir: join(dir, "own"),
  };
  expect(findKilo(search)).toEqual({
    ok: true,
    value: { path: global?.native ?? "", modules: null, source: "PATH" },
  });
  expect(findKilo({ ...search, path: "" })).toMatchObject({
    value: { path: dependency?.native, source: "dependency" },
  });
  expect(findKilo({ ...search, path: "", roots: [] })).toMatchObject({
    value: { path: own?.native, source: "data directory" },
  });
  expect(findKilo({ ...search, setting: dependency?.script ?? "" })).toMatchObject({
    value: { path: dependency?.native, source: "setting" },
  });
  expect(findKilo({ ...search, setting: join(dir, "none") })).toMatchObject({
    ok: false,
    error: { code: "unsupported" },
  });
  expect(findKilo({ setting: null, path: "", roots: [], installDir: null })).toMatchObject({
    ok: false,
    error: { code: "unsupported" },
  });
  rmSync(dir, { recursive: true });
});
