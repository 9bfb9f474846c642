/** Starts the page: theme, login link, then the town. */
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { tokenOf } from "./lib/login.ts";
import { readTheme, showTheme } from "./lib/theme.ts";

showTheme(readTheme());

/** Takes the one-time token out of the address, so that it stays in no history and no bookmark. */
function takeToken(): string | null {
  const token = tokenOf(location.hash);
  if (token !== null) history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

const place = document.getElementById("root");
if (place) createRoot(place).render(<App takeToken={takeToken} />);
