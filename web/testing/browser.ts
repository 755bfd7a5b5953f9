/**
 * A real Chromium for the tests of the screens. Without one, these tests are pending on a developer's machine and fail
 * in CI.
 */
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { existsSync } from "node:fs";

import { processVariables } from "../../core/config/env.ts";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/microsoft-edge"];

/** Finds Chromium: the variable CHROMIUM, or where packages install it. */
function findChromium(): string | undefined {
  return [processVariables()["CHROMIUM"] ?? "", ...places].find((file) => file !== "" && existsSync(file));
}

/** Declares tests that need Chromium. */
export function describeInBrowser(title: string, tests: () => void): void {
  if (findChromium() !== undefined) {
    describe(title, tests);
    return;
  }
  if (processVariables()["CI"] !== undefined)
    throw new Error("Chromium is missing, and in CI the screens must be tried.");
  process.stderr.write(
    `\n!!! Chromium was not found: "${title}" is not tried. Remedy: install it, or set CHROMIUM.\n\n`,
  );
  describe.skip(title, tests);
}

/** Chromium calls Google's servers at every start without these. */
const quiet = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--no-first-run",
];

export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("Chromium was not found.");
  return chromium.launch({ executablePath, args: quiet, chromiumSandbox: false });
}

/** A tab, with everything that must not happen in it. */
export interface Tab {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Console errors, page errors, CSP reports and failed requests. A test that expects one removes it. */
  readonly faults: string[];
}

/** Opens a tab in a browser of its own: no cookies of another tab. */
export async function openTab(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext({
    baseURL: address,
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    ...options,
  });
  const faults: string[] = [];
  context.on("console", (message) => {
    if (message.type() === "error") faults.push(`console: ${message.text()}`);
  });
  context.on("weberror", (error) => faults.push(`error: ${error.error().message}`));
  context.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "";
    // A screen aborts a search that it no longer needs.
    if (why !== "net::ERR_ABORTED") faults.push(`request: ${request.method()} ${request.url()} ${why}`);
  });
  return { context, page: await context.newPage(), faults };
}

/** Waits until no part of the page shows that it is loading. A page may load several parts at once. */
export async function waitUntilLoaded(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector("[aria-busy=true]") === null);
}
