// Ids of the town's rules: their files under server/reconcile/rules.
import { join } from "node:path";

export function ruleIds(root: string): string[] {
  const glob = new Bun.Glob("*/*.ts");
  return [...glob.scanSync(join(root, "server/reconcile/rules"))]
    .filter((path) => !path.endsWith(".test.ts"))
    .map((path) => path.slice(0, -".ts".length))
    .toSorted();
}
