// A real Chromium for a test, closed at the end of the scope: `await using page = await openPage();`
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

export interface OpenPage extends AsyncDisposable {
  browser: Browser;
  context: BrowserContext;
  page: Page;
  /** What its pages wrote as errors, and the exceptions that nobody caught, in order. */
  problems: string[];
}

export interface PageOptions {
  width?: number;
  height?: number;
  colorScheme?: "light" | "dark";
}

/** Starts the machine's Chromium, whose sandbox cannot work as root, and opens an empty page. */
export async function openPage(options: PageOptions = {}): Promise<OpenPage> {
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: ["--no-sandbox"] });
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    colorScheme: options.colorScheme ?? "light",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const problems: string[] = [];
  context.on("weberror", (event) => problems.push(String(event.error())));
  context.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  return { browser, context, page, problems, [Symbol.asyncDispose]: () => browser.close() };
}

function chromiumPath(): string {
  const found = ["chromium", "chromium-browser", "google-chrome"]
    .map((name) => Bun.which(name))
    .find((path) => path !== null);
  if (found === undefined || found === null) throw new Error("no Chromium is installed");
  return found;
}
