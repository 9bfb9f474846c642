// Words that have no place in the tree: paths of one machine, package registries, and notes to self.
import type { TextFile } from "./files.ts";
import type { Finding } from "./finding.ts";

const words: readonly [pattern: RegExp, advice: string][] = [
  [
    /(?<![\w.~}-])\/(?:work|root)\//,
    "a path of one machine; use a path relative to the root, or a temporary folder",
  ],
  [
    /https?:\/\/[^\s"'`/]*(?:registry|npmjs|artifactory|nexus|verdaccio|mirror)[^\s"'`/]*/i,
    "a package registry; the ordinary clients know theirs",
  ],
  [/\b(?:TO[D]O|FIX[M]E|X[X]X)\b/, "a note to self; do it now or leave it out"],
];

export function checkForbiddenWords(files: readonly TextFile[]): Finding[] {
  return files.flatMap((file) =>
    file.text.split("\n").flatMap((line, index) =>
      words.flatMap(([pattern, advice]) => {
        const word = pattern.exec(line)?.[0];
        return word === undefined
          ? []
          : [
              {
                check: "forbidden-words",
                place: `${file.path}:${index + 1}`,
                message: `"${word}" is ${advice}.`,
              },
            ];
      }),
    ),
  );
}
