import type { Refusals } from "../core/audit/refusals.ts";

/** For tests without a platform: refusals are not counted. */
export const noRefusals: Refusals = {
  count: () => undefined,
  flush: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
