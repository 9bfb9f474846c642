/** Files of a diff, each folded out; unified lines fit a drawer. */
import { DiffModeEnum, DiffView } from "@git-diff-view/react";
import { ChevronRight } from "lucide-react";
import { useMemo } from "react";
import { type DiffFile, languageOf, splitDiff } from "../model/diff-files.ts";
import { useIsDark } from "../ui/theme-toggle.tsx";

const OPEN_LINES_MAX = 400;

export function DiffFiles({ diff }: { diff: string }) {
  const files = useMemo(() => splitDiff(diff), [diff]);
  return (
    <ul className="space-y-2">
      {files.map((file) => (
        <li key={file.path}>
          <File file={file} />
        </li>
      ))}
    </ul>
  );
}

function File({ file }: { file: DiffFile }) {
  const dark = useIsDark();
  const lines = file.text.split("\n").length;
  const data = useMemo(
    () => ({
      oldFile: { fileName: file.oldPath, fileLang: languageOf(file.oldPath), content: null },
      newFile: { fileName: file.path, fileLang: languageOf(file.path), content: null },
      hunks: [file.text],
    }),
    [file],
  );
  return (
    <details
      className="group overflow-hidden rounded-md border border-line"
      open={lines <= OPEN_LINES_MAX}
    >
      <summary className="flex h-8 list-none items-center gap-2 bg-raised px-2.5 text-sm">
        <ChevronRight
          size={14}
          strokeWidth={1.5}
          aria-hidden
          className="shrink-0 text-ink-3 transition-transform duration-120 group-open:rotate-90"
        />
        <code className="min-w-0 truncate">
          {file.oldPath === file.path ? file.path : `${file.oldPath} → ${file.path}`}
        </code>
      </summary>
      {file.binary ? (
        <p className="border-t border-line px-3 py-2 text-sm text-ink-3">A binary file.</p>
      ) : (
        <div
          className="diff-frame overflow-x-auto border-t border-line"
          tabIndex={0}
          role="region"
          aria-label={`Changes in ${file.path}`}
        >
          <DiffView
            data={data}
            diffViewMode={DiffModeEnum.Unified}
            diffViewTheme={dark ? "dark" : "light"}
            diffViewFontSize={12}
            diffViewHighlight
            diffViewWrap
          />
        </div>
      )}
    </details>
  );
}
