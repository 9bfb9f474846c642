/** Finds kilo's native program. The scripts that package managers put in PATH start it through node: slower and bigger. */
import { closeSync, existsSync, openSync, readSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { refuse, type Result } from "../../../protocol/error.ts";

export type KiloBinary = {
  path: string;
  source: "setting" | "PATH" | "dependency" | "data directory";
};

export type KiloSearch = {
  setting: string | null;
  path: string;
  /** Directories that may hold `node_modules`, nearest first. */
  roots: readonly string[];
  /** Where a pinned install of the runner's own would be, or null. */
  installDir: string | null;
};

const PLATFORM_PACKAGE = `cli-${process.platform}-${process.arch}`;
const MAGIC_BYTES = 4;
/** ELF, and the Mach-O forms. */
const NATIVE_MAGIC = ["7f454c46", "cffaedfe", "cafebabe"];

/** Order: setting, PATH, locked dependency, install in the data directory. Fails with code `unsupported`. */
export function findKilo(search: KiloSearch): Result<KiloBinary> {
  if (search.setting !== null) {
    const path = nativeOf(search.setting);
    if (path === null)
      return refuse(
        "unsupported",
        `There is no kilo program at ${search.setting}. Correct the setting or clear it.`,
      );
    return { ok: true, value: { path, source: "setting" } };
  }
  const inPath = Bun.which("kilo", { PATH: search.path });
  const candidates: { path: string | null; source: KiloBinary["source"] }[] = [
    { path: inPath, source: "PATH" },
    ...search.roots.map((root) => ({ path: packaged(root), source: "dependency" as const })),
    {
      path: search.installDir === null ? null : packaged(search.installDir),
      source: "data directory",
    },
  ];
  for (const { path, source } of candidates) {
    const native = path === null ? null : nativeOf(path);
    if (native !== null) return { ok: true, value: { path: native, source } };
  }
  return refuse(
    "unsupported",
    `kilo is not installed for ${process.platform} ${process.arch}. Install @kilocode/cli, or set the path of its program.`,
  );
}

function packaged(root: string): string {
  return join(root, "node_modules", "@kilocode", PLATFORM_PACKAGE, "bin", "kilo");
}

/** The native program behind a path: itself, or the platform package beside the script that starts it. */
function nativeOf(path: string): string | null {
  if (!existsSync(path)) return null;
  const real = realpathSync(path);
  if (isNative(real)) return real;
  const packageDir = dirname(dirname(real));
  const beside = [join(packageDir, "..", PLATFORM_PACKAGE, "bin", "kilo"), packaged(packageDir)];
  return beside.find((candidate) => existsSync(candidate) && isNative(candidate)) ?? null;
}

function isNative(path: string): boolean {
  const file = openSync(path, "r");
  const magic = Buffer.alloc(MAGIC_BYTES);
  readSync(file, magic, 0, MAGIC_BYTES, 0);
  closeSync(file);
  return NATIVE_MAGIC.includes(magic.toString("hex"));
}
