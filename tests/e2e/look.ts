// How a page looks and whether everybody can use it: axe, overflow, and the pictures that the README shows.
import { AxeBuilder } from "@axe-core/playwright";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { repositoryRoot } from "../support/town-process.ts";

export interface Mode {
  scheme: "light" | "dark";
  width: number;
  height: number;
}

export const lightDesk: Mode = { scheme: "light", width: 1440, height: 900 };
export const darkDesk: Mode = { scheme: "dark", width: 1440, height: 900 };
export const lightPhone: Mode = { scheme: "light", width: 375, height: 812 };
export const darkPhone: Mode = { scheme: "dark", width: 375, height: 812 };

export async function setMode(page: Page, { scheme, width, height }: Mode): Promise<void> {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
}

/** What axe finds wrong, and whether the page is wider than its window, as lines that say where. */
export async function faultsOf(page: Page, where: string): Promise<string[]> {
  await settled(page);
  // Without frames inside, the page's own context serves: no second page is opened for each look.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  const faults = violations.flatMap((violation) =>
    violation.nodes.map((node) => `${where}: ${violation.id} at ${node.target.join(" ")}`),
  );
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return over > 0 ? [...faults, `${where}: ${over} px too wide`] : faults;
}

/** Waits for fonts, and until no colour or place changes any more. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every(
        (each) =>
          each.playState !== "running" || each.effect?.getComputedTiming().iterations === Infinity,
      ),
  );
}

/** Writes a picture to the documents when `GASTOWN_PICTURES` is `1`, else to `dir`. */
export async function takePicture(page: Page, name: string, dir: string): Promise<void> {
  const forDocuments = process.env["GASTOWN_PICTURES"] === "1";
  const folder = forDocuments ? join(repositoryRoot, "docs", "pictures") : dir;
  await mkdir(folder, { recursive: true });
  // Nothing is pointed at, so no tip shows.
  await page.mouse.move(0, 0);
  await settled(page);
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
