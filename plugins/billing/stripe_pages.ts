/** Long talks with Stripe's API: page after page, and with patience. */
import { setTimeout as sleep } from "node:timers/promises";

import { stripeFailureOf } from "./stripe_api.ts";

interface Page<T> {
  readonly data: readonly T[];
  readonly has_more: boolean;
}

export interface Patience {
  readonly signal: AbortSignal | undefined;
  /** Waits between two tries, in milliseconds: the first, then doubled. */
  readonly firstWaitMs: number;
}

const mostTries = 6;
const longestWaitMs = 60_000;

/**
 * Calls Stripe; where it is asked too often, is out of reach or fails, waits (as long as it says, or ever longer with
 * jitter) and calls again. The SDK's own tries come before that, and it has none for a rate limit.
 */
export async function patiently<T>({ signal, firstWaitMs }: Patience, call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    signal?.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      const failure = await stripeFailureOf(error);
      if (failure?.isPassing !== true || tries === mostTries) throw error;
      const { headers } = error as { headers?: Readonly<Record<string, string>> };
      const asked = Number(headers?.["retry-after"]) * 1000;
      const own = firstWaitMs * 2 ** (tries - 1) * (0.5 + Math.random());
      await sleep(Math.min(longestWaitMs, asked > 0 ? asked : own), undefined, { ...(signal && { signal }) });
    }
  }
}

/** All pages of a list. @param ask for the page after an id */
export async function* pagesOf<T extends { readonly id: string }>(
  patience: Patience,
  ask: (page: { limit: number; starting_after?: string }) => Promise<Page<T>>,
): AsyncGenerator<readonly T[]> {
  let after: string | undefined;
  for (;;) {
    const page = await patiently(patience, () =>
      ask({ limit: 100, ...(after === undefined ? {} : { starting_after: after }) }),
    );
    yield page.data;
    after = page.data.at(-1)?.id;
    if (!page.has_more || after === undefined) return;
  }
}
