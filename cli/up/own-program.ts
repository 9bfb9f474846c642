/** How this program starts itself again, from source and as one binary. */

/** The command line of another process of this program, before its arguments. */
export function ownProgram(): string[] {
  // A compiled program's sources lie in a file system of its own, and it runs them by itself.
  if (Bun.main.startsWith("/$bunfs/") || /^B:[\\/]~BUN[\\/]/.test(Bun.main))
    return [process.execPath];
  return [process.execPath, "--no-env-file", Bun.main];
}
