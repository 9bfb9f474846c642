/** Chooses light, dark or the system's. */
import { Monitor, Moon, Sun } from "lucide-react";
import { useSyncExternalStore } from "react";
import { isDark, keepTheme, onTheme, readTheme, type Theme } from "../lib/theme.ts";
import { cx } from "./class-names.ts";

const choices: { theme: Theme; label: string; Icon: typeof Sun }[] = [
  { theme: "system", label: "System", Icon: Monitor },
  { theme: "light", label: "Light", Icon: Sun },
  { theme: "dark", label: "Dark", Icon: Moon },
];

export function useTheme(): Theme {
  return useSyncExternalStore(onTheme, readTheme);
}

export function useIsDark(): boolean {
  return useSyncExternalStore(onTheme, () => isDark());
}

export function ThemeToggle() {
  const theme = useTheme();
  return (
    <div
      role="radiogroup"
      aria-label="Theme"
      className="inline-flex rounded-md border border-line-strong p-0.5"
    >
      {choices.map(({ theme: choice, label, Icon }) => (
        <button
          key={choice}
          type="button"
          role="radio"
          aria-checked={theme === choice}
          onClick={() => keepTheme(choice)}
          className={cx(
            "inline-flex h-7 items-center gap-1.5 rounded-sm px-2.5 text-sm",
            theme === choice ? "bg-pressed text-ink" : "text-ink-3 hover:text-ink",
          )}
        >
          <Icon size={14} strokeWidth={1.5} aria-hidden />
          {label}
        </button>
      ))}
    </div>
  );
}
