/** Light, dark, or what the system says; kept in this browser. */
export type Theme = "system" | "light" | "dark";

const STORAGE_KEY = "gastown.theme";

export function readTheme(): Theme {
  const kept = localStorage.getItem(STORAGE_KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function showTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  const dark = isDark(theme);
  document
    .querySelector('meta[name="theme-color"]')
    ?.setAttribute("content", dark ? "#0f1218" : "#f6f7f9");
}

export function keepTheme(theme: Theme): void {
  localStorage.setItem(STORAGE_KEY, theme);
  showTheme(theme);
  dispatchEvent(new Event("gastown:theme"));
}

/** Whether the page is dark now. */
export function isDark(theme: Theme = readTheme()): boolean {
  return (
    theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches)
  );
}

export function onTheme(listener: () => void): () => void {
  const media = matchMedia("(prefers-color-scheme: dark)");
  addEventListener("gastown:theme", listener);
  media.addEventListener("change", listener);
  return () => {
    removeEventListener("gastown:theme", listener);
    media.removeEventListener("change", listener);
  };
}
