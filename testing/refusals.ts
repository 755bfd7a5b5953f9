import type { Refusals } from "../core/audit/refusals.ts";

/** Counts no refusals, for tests without a platform. */
export const noRefusals: Refusals = {
  count: () => undefined,
  flush: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
