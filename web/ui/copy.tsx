/** Copies a text with one click and says that it did. */
import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { cx } from "./class-names.ts";

const SHOWN_MS = 1_400;

export function CopyButton({
  text,
  label,
  shown,
  className,
}: {
  text: string;
  label: string;
  shown?: string;
  className?: string;
}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const Icon = copied ? Check : Copy;
  return (
    <button
      type="button"
      aria-label={`${copied ? "Copied" : label}${shown ? ` ${shown}` : ""}`}
      data-tip={copied ? "Copied" : label}
      onClick={(event) => {
        event.preventDefault();
        event.stopPropagation();
        void navigator.clipboard.writeText(text).then(() => setCopied(true));
      }}
      className={cx(
        "mono group inline-flex max-w-full items-center gap-1 rounded-sm px-1 py-px text-ink-3 hover:bg-raised hover:text-ink",
        className,
      )}
    >
      {shown && <span className="truncate">{shown}</span>}
      <Icon
        size={12}
        strokeWidth={1.5}
        aria-hidden
        className={cx("shrink-0", copied ? "text-s-landed" : "opacity-60 group-hover:opacity-100")}
      />
    </button>
  );
}
