// Tidy: budgets, banned calls, names, documents, rule ids and forbidden words of the tree.
import { dirname } from "node:path";
import { checkBannedCalls } from "./tidy/banned-calls.ts";
import { checkBudgets, describeSizes } from "./tidy/budgets.ts";
import { checkDocuments } from "./tidy/documents.ts";
import { exceptions as tableOfExceptions } from "./tidy/exceptions.ts";
import { listFiles, readTexts } from "./tidy/files.ts";
import { type Exception, type Finding, withoutExceptions } from "./tidy/finding.ts";
import { checkForbiddenWords } from "./tidy/forbidden-words.ts";
import { checkNames } from "./tidy/names.ts";

export interface TidyResult {
  findings: Finding[];
  /** The sizes of the sources in a few words. */
  sizes: string;
}

/** Looks at the tree under `root`. */
export async function tidy(
  root: string,
  exceptions: readonly Exception[] = tableOfExceptions,
): Promise<TidyResult> {
  const texts = await readTexts(root);
  const paths = new Set(await listFiles(root));
  const findings = [
    ...checkBudgets(texts),
    ...checkBannedCalls(texts),
    ...checkNames(texts),
    ...checkDocuments(texts, paths),
    ...checkForbiddenWords(texts),
  ];
  return { findings: withoutExceptions(findings, exceptions), sizes: describeSizes(texts) };
}

export function findingLine(finding: Finding): string {
  return `${finding.place}: ${finding.message} (${finding.check})`;
}

if (import.meta.main) {
  const { findings, sizes } = await tidy(dirname(import.meta.dir));
  for (const finding of findings) console.log(findingLine(finding));
  console.log(findings.length === 0 ? sizes : `${findings.length} findings; ${sizes}`);
  process.exit(findings.length === 0 ? 0 : 1);
}
