import { existsSync } from "node:fs";
import { join } from "node:path";

/** The native program of the locked dependency for this platform. */
export function findKilo(): string {
  const root = join(import.meta.dir, "../../..");
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const path = join(root, `node_modules/@kilocode/cli-${platform}-${process.arch}/bin/kilo`);
  if (!existsSync(path))
    throw new Error(`kilo is not installed for this platform: ${path} is missing`);
  return path;
}
