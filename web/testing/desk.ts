/** A running Keyrack with built screens, and browsers that work in it. */
import type { Browser, BrowserContextOptions } from "playwright-core";

import { readBlueprint } from "../../core/boot.ts";
import {
  startTestPlatform,
  type TestPlatform,
  type TestPlatformOptions,
  testWebhookSecret,
} from "../../testing/platform.ts";
import { buildScreensOf } from "../build/build.ts";
import { launchBrowser, openTab, type Tab } from "./browser.ts";

/** The password of the users that `signUpHotel` makes. */
const password = "correct-horse-battery";

export interface BrowserDesk {
  readonly platform: TestPlatform;
  readonly browser: Browser;
  /** Opens a tab in a browser of its own. */
  readonly openTab: (options?: BrowserContextOptions) => Promise<Tab>;
  /** Opens a tab, and logs in by the login page. */
  readonly logIn: (username: string, options?: BrowserContextOptions) => Promise<Tab>;
  readonly close: () => Promise<void>;
}

/** Builds the screens, starts the platform and Chromium. Call `close` at the end. */
export async function startBrowserDesk(options: TestPlatformOptions = {}): Promise<BrowserDesk> {
  const { plugins } = await readBlueprint({
    SECRET_KEY: "x".repeat(32),
    STRIPE_WEBHOOK_SECRET: testWebhookSecret,
    ...options.variables,
  });
  await buildScreensOf(plugins);
  const platform = await startTestPlatform({ worker: false, ...options });
  const browser = await launchBrowser();
  const open = (tabOptions?: BrowserContextOptions) => openTab(browser, platform.client.url, tabOptions);
  return {
    platform,
    browser,
    openTab: open,
    logIn: async (username, tabOptions) => {
      const tab = await open(tabOptions);
      await tab.page.goto("/");
      await tab.page.getByLabel("Username").fill(username);
      await tab.page.getByLabel("Password").fill(password);
      // The first request asks for the session, and its answer is 401.
      tab.faults.length = 0;
      await tab.page.keyboard.press("Enter");
      await tab.page.getByRole("navigation").waitFor();
      return tab;
    },
    close: async () => {
      await browser.close();
      await platform.close();
    },
  };
}
