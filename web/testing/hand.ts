import type { Locator, Page } from "playwright-core";

/** A hand that counts: presses of the pointer, and presses of keys. Typed data is not counted. */
export interface Hand {
  readonly click: (what: Locator) => Promise<void>;
  readonly press: (key: string) => Promise<void>;
  /** Types data, such as a name. */
  readonly type: (text: string) => Promise<void>;
  /** The counts since the last call. */
  readonly count: () => { readonly clicks: number; readonly keys: number };
}

export function handOf(page: Page): Hand {
  let clicks = 0;
  let keys = 0;
  return {
    click: async (what) => {
      clicks += 1;
      await what.click();
    },
    press: async (key) => {
      keys += 1;
      await page.keyboard.press(key);
    },
    type: (text) => page.keyboard.type(text),
    count: () => {
      const counted = { clicks, keys };
      clicks = 0;
      keys = 0;
      return counted;
    },
  };
}
