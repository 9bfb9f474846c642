/** A dialog over the page. The browser keeps focus inside, closes on Escape and gives focus back. */
import { type ReactNode, useEffect, useId, useRef } from "react";
import { cx } from "./class-names.ts";

interface ModalProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  className?: string;
  /** The title is for readers only. */
  quietTitle?: boolean;
}

export function Modal({ title, onClose, children, className, quietTitle = false }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const shown = dialog.current;
    if (shown && !shown.open) shown.showModal();
    // React focuses before the dialog is shown, when nothing in it can be focused.
    shown?.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === event.currentTarget && onClose()}
      onKeyDown={(event) => event.stopPropagation()}
      className={cx(
        "rise m-auto mt-[12vh] w-[min(560px,calc(100vw-24px))] rounded-lg border border-line-strong bg-panel p-0 shadow-float max-sm:mt-3",
        className,
      )}
    >
      <h2
        id={titleId}
        className={
          quietTitle ? "sr-only" : "border-b border-line px-4 py-3 text-base font-semibold"
        }
      >
        {title}
      </h2>
      {children}
    </dialog>
  );
}
