/** Everything that is named is a link: it opens a drawer, previews on hover, and copies its id. */
import type { MouseEvent, ReactNode } from "react";
import { shortId } from "../../protocol/index.ts";
import { drawerOf, type DrawerRef, writeDrawer } from "../lib/drawers.ts";
import { useDrawerLevel, useDrawers } from "../lib/page.tsx";
import { CopyButton } from "../ui/copy.tsx";
import { cx } from "../ui/class-names.ts";
import { pieces } from "../words/history.ts";

interface RefLinkProps {
  id: string;
  children: ReactNode;
  className?: string;
  label?: string;
  /** A row that j and k walk over; previews would only repeat it. */
  row?: boolean;
  column?: string;
}

export function RefLink({ id, children, className, label, row = false, column }: RefLinkProps) {
  const drawers = useDrawers();
  const level = useDrawerLevel();
  const ref: DrawerRef | null = drawerOf(id);
  if (!ref) return <span className={className}>{children}</span>;
  const open = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    drawers.open(ref, level);
  };
  const isOpen = drawers.stack.some((shown) => shown.id === id);
  return (
    <a
      href={`?d=${writeDrawer(ref)}`}
      onClick={open}
      className={className}
      aria-label={label}
      data-open={isOpen || undefined}
      {...(row ? { "data-row": column ?? "" } : { "data-preview": id })}
    >
      {children}
    </a>
  );
}

/** A short id that opens and copies. */
export function IdLink({
  id,
  copy = true,
  className,
}: {
  id: string;
  copy?: boolean;
  className?: string;
}) {
  return (
    <span className={cx("inline-flex items-center", className)}>
      <RefLink
        id={id}
        className="mono whitespace-nowrap rounded-sm text-ink-3 underline-offset-2 hover:text-ink hover:underline"
      >
        {shortId(id)}
      </RefLink>
      {copy && <CopyButton text={id} label={`Copy id ${shortId(id)}`} />}
    </span>
  );
}

/** A text whose ids are links. */
export function Linked({ text }: { text: string }) {
  return (
    <>
      {pieces(text).map((piece, index) =>
        "id" in piece ? (
          <IdLink key={index} id={piece.id} copy={false} />
        ) : (
          <span key={index}>{piece.text}</span>
        ),
      )}
    </>
  );
}
