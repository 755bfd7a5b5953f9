/** Long talks with Stripe's API: page after page, and with patience. */
import { retry } from "../../../core/mod.ts";
import { stripeFailureOf } from "./client.ts";

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
async function patiently<T>({ signal, firstWaitMs }: Patience, call: () => Promise<T>): Promise<T> {
  return retry(call, {
    attempts: mostTries,
    firstPauseMs: firstWaitMs,
    maxPauseMs: longestWaitMs,
    isRetryable: async (error) => (await stripeFailureOf(error))?.retryable === true,
    readPause: readRetryAfter,
    signal,
  });
}

function readRetryAfter(error: unknown): number | undefined {
  const { headers } = error as { headers?: Readonly<Record<string, string>> };
  const askedMs = Number(headers?.["retry-after"]) * 1000;
  return askedMs > 0 ? askedMs : undefined;
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
