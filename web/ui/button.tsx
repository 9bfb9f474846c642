/** Buttons: one main action in the lamp's colour, the others quiet; each may say where its command stands. */
import { Loader2 } from "lucide-react";
import type { ButtonHTMLAttributes, ReactNode } from "react";
import { cx } from "./class-names.ts";

export type ButtonLook = "main" | "plain" | "quiet" | "danger";

const looks: Record<ButtonLook, string> = {
  main: "bg-lamp text-on-lamp hover:brightness-105 active:brightness-95 font-medium",
  plain: "bg-panel border border-line-strong text-ink hover:bg-raised active:bg-pressed",
  quiet: "text-ink-2 hover:bg-raised hover:text-ink active:bg-pressed",
  danger: "bg-panel border border-line-strong text-s-failed hover:bg-raised active:bg-pressed",
};

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: ButtonLook;
  size?: "small" | "normal";
  /** The command was sent and is not answered yet. */
  sent?: boolean;
}

export function Button({
  look = "plain",
  size = "normal",
  sent = false,
  className,
  children,
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      disabled={disabled === true || sent}
      aria-busy={sent || undefined}
      className={cx(
        "inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md transition-[background-color,filter] duration-120",
        size === "small" ? "h-6 px-2 text-xs" : "h-8 px-3 text-sm max-sm:h-10",
        "disabled:cursor-default disabled:opacity-55",
        looks[look],
        className,
      )}
      {...rest}
    >
      {sent && <Loader2 size={14} strokeWidth={1.75} className="animate-spin" aria-hidden />}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "aria-label"> {
  label: string;
  /** Shortcut shown in the tip. */
  keys?: string;
  children: ReactNode;
}

/** A button that is only an icon; its label is its name and its tip. */
export function IconButton({ label, keys, className, children, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      data-tip={keys ? `${label}  ${keys}` : label}
      className={cx(
        "inline-flex size-7 shrink-0 items-center justify-center rounded-md text-ink-3 transition-colors duration-120 hover:bg-raised hover:text-ink active:bg-pressed disabled:opacity-50 max-sm:size-10",
        className,
      )}
      {...rest}
    >
      {children}
    </button>
  );
}
