/** Finds an agent's native program. The scripts that package managers put in PATH start it through node: slower and bigger. */
import { closeSync, existsSync, openSync, readSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { refuse, type Result } from "../../protocol/error.ts";

export type NativeProgram = {
  path: string;
  source: "setting" | "PATH" | "dependency" | "data directory" | "home";
};

export type ProgramSearch = {
  setting: string | null;
  path: string;
  /** Directories that may hold `node_modules`, nearest first. */
  roots: readonly string[];
  /** Where a pinned install of the runner's own would be, or null. */
  installDir: string | null;
};

/** How a program is laid out where it is installed. */
export type ProgramLayout = {
  command: string;
  /** Below `node_modules`, of this platform; it holds `bin/<command>`. */
  platformPackage: string;
  /** Where an installer of its own puts it. */
  homes: readonly string[];
  /** What a person does who has none. */
  advice: string;
};

const MAGIC_BYTES = 4;
/** ELF, and the Mach-O forms. */
const NATIVE_MAGIC = ["7f454c46", "cffaedfe", "cafebabe"];

/** Order: setting, PATH, locked dependency, install in the data directory, homes. Fails with code `unsupported`. */
export function findNativeProgram(
  layout: ProgramLayout,
  search: ProgramSearch,
): Result<NativeProgram> {
  const { command } = layout;
  const native = (path: string | null) => (path === null ? null : nativeOf(path, layout));
  if (search.setting !== null) {
    const path = native(search.setting);
    if (path === null)
      return refuse(
        "unsupported",
        `There is no ${command} program at ${search.setting}. Correct the setting or clear it.`,
      );
    return { ok: true, value: { path, source: "setting" } };
  }
  const inPath = Bun.which(command, { PATH: search.path });
  const { installDir } = search;
  const candidates: { path: string | null; source: NativeProgram["source"] }[] = [
    { path: inPath, source: "PATH" },
    ...search.roots.map((root) => ({
      path: packaged(root, layout),
      source: "dependency" as const,
    })),
    {
      path: installDir === null ? null : packaged(installDir, layout),
      source: "data directory",
    },
    ...layout.homes.map((path) => ({ path, source: "home" as const })),
  ];
  for (const { path, source } of candidates) {
    const found = native(path);
    if (found !== null) return { ok: true, value: { path: found, source } };
  }
  return refuse(
    "unsupported",
    `${command} is not installed for ${process.platform} ${process.arch}. ${layout.advice}`,
  );
}

function packaged(root: string, { platformPackage, command }: ProgramLayout): string {
  return join(root, "node_modules", platformPackage, "bin", command);
}

/** The native program behind a path: itself, or the platform package beside the script that starts it. */
function nativeOf(path: string, layout: ProgramLayout): string | null {
  if (!existsSync(path)) return null;
  const real = realpathSync(path);
  if (isNative(real)) return real;
  const packageDir = dirname(dirname(real));
  const beside = join(packageDir, "..", basename(layout.platformPackage), "bin", layout.command);
  return (
    [beside, packaged(packageDir, layout)].find(
      (candidate) => existsSync(candidate) && isNative(candidate),
    ) ?? null
  );
}

function isNative(path: string): boolean {
  const file = openSync(path, "r");
  const magic = Buffer.alloc(MAGIC_BYTES);
  readSync(file, magic, 0, MAGIC_BYTES, 0);
  closeSync(file);
  return NATIVE_MAGIC.includes(magic.toString("hex"));
}
