/**
 * Finds an agent's program. Where there is a native one it is taken: the scripts that package managers put in PATH start it
 * through node, slower and bigger. What is a script itself is run by our own runtime, with the modules around it.
 */
import { closeSync, existsSync, openSync, readSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { refuse, type Result } from "../../protocol/error.ts";

export type FoundProgram = {
  path: string;
  /** For a script: the folder that holds it and what it imports. */
  modules: string | null;
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
  /** Below `node_modules`: of this platform, holding `bin/<command>`; or a package whose `entry` is a script. */
  package: { platform: string } | { script: string; entry: string };
  /** Where an installer of its own puts it. */
  homes: readonly string[];
  /** What a person does who has none. */
  advice: string;
};

/** Of an adapter that is a script: where Bun and npm put it, and what a person does who has none. */
export function adapterLayout(command: string, script: string): ProgramLayout {
  const entry = "dist/index.js";
  return {
    command,
    package: { script, entry },
    homes: [join(homedir(), ".bun", "install", "global", "node_modules", script, entry)],
    advice: `Install ${script} on the runner's host.`,
  };
}

const MAGIC_BYTES = 4;
/** ELF, and the Mach-O forms. */
const NATIVE_MAGIC = ["7f454c46", "cffaedfe", "cafebabe"];

/** Order: setting, PATH, locked dependency, install in the data directory, homes. Fails with code `unsupported`. */
export function findAgentProgram(
  layout: ProgramLayout,
  search: ProgramSearch,
): Result<FoundProgram> {
  const { command } = layout;
  const look = (path: string | null) => (path === null ? null : programOf(path, layout));
  if (search.setting !== null) {
    const found = look(search.setting);
    if (found === null)
      return refuse(
        "unsupported",
        `There is no ${command} program at ${search.setting}. Correct the setting or clear it.`,
      );
    return { ok: true, value: { ...found, source: "setting" } };
  }
  const inPath = Bun.which(command, { PATH: search.path });
  const { installDir } = search;
  const candidates: { path: string | null; source: FoundProgram["source"] }[] = [
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
    const found = look(path);
    if (found !== null) return { ok: true, value: { ...found, source } };
  }
  return refuse(
    "unsupported",
    `${command} is not installed for ${process.platform} ${process.arch}. ${layout.advice}`,
  );
}

function packaged(root: string, { package: at, command }: ProgramLayout): string {
  const inside = "platform" in at ? [at.platform, "bin", command] : [at.script, at.entry];
  return join(root, "node_modules", ...inside);
}

type Located = Pick<FoundProgram, "path" | "modules">;

function programOf(path: string, layout: ProgramLayout): Located | null {
  if (!existsSync(path)) return null;
  const real = realpathSync(path);
  if ("platform" in layout.package) return nativeOf(real, layout, layout.package.platform);
  return scriptOf(real, layout.package);
}

/** The native program behind a path: itself, or the platform package beside the script that starts it. */
function nativeOf(real: string, layout: ProgramLayout, platform: string): Located | null {
  if (isNative(real)) return { path: real, modules: null };
  const packageDir = dirname(dirname(real));
  const beside = join(packageDir, "..", basename(platform), "bin", layout.command);
  const path = [beside, packaged(packageDir, layout)].find(
    (candidate) => existsSync(candidate) && isNative(candidate),
  );
  return path === undefined ? null : { path, modules: null };
}

/** Only the package's own entry: anything else of that name is not known. What it imports lies in the outermost modules. */
function scriptOf(
  real: string,
  { script, entry }: { script: string; entry: string },
): Located | null {
  const at = real.indexOf("/node_modules/");
  if (at < 0 || !real.endsWith(`/node_modules/${script}/${entry}`)) return null;
  return { path: real, modules: real.slice(0, at + "/node_modules".length) };
}

function isNative(path: string): boolean {
  const file = openSync(path, "r");
  const magic = Buffer.alloc(MAGIC_BYTES);
  readSync(file, magic, 0, MAGIC_BYTES, 0);
  closeSync(file);
  return NATIVE_MAGIC.includes(magic.toString("hex"));
}
