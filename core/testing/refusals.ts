import type { Refusals } from "../audit/refusals.ts";

/** For tests without a platform: refusals are not counted. */
export const noRefusals: Refusals = {
  count: () => undefined,
  flush: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
