// `./gastown fix`: what the linter and the formatter can put right by themselves.
import { dirname } from "node:path";
import { linesOf, runTool } from "./check/run-tool.ts";

const root = dirname(import.meta.dir);
const paths = process.argv.slice(2);
if (paths.includes("--help")) {
  console.log("usage: ./gastown fix [path…]   (the whole tree without a path)");
  process.exit(0);
}
const lint = await runTool(root, "oxlint", ["--fix", "--format=unix", ...paths], root);
const format = await runTool(
  root,
  "oxfmt",
  ["--write", ...(paths.length > 0 ? paths : ["."])],
  root,
);
for (const line of linesOf(lint.stdout + format.stdout + format.stderr)) console.log(line);
process.exit(lint.exitCode === 0 && format.exitCode === 0 ? 0 : 1);
