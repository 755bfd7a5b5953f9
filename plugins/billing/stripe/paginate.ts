/** Reads all pages of a list of Stripe's, with retries. */
import { retry, memberOf } from "../../../core/mod.ts";
import { stripeFailureOf } from "./client.ts";

interface Page<T> {
  readonly data: readonly T[];
  readonly has_more: boolean;
}

export interface StripeRetryOptions {
  readonly signal: AbortSignal | undefined;
  /** The first pause between two attempts, in milliseconds. It doubles with each attempt. */
  readonly firstWaitMs: number;
}

const maxAttempts = 6;
const maxWaitMs = 60_000;

/**
 * Calls Stripe, and retries if the rate limit is reached, Stripe is unreachable or Stripe fails. Pauses for the time
 * that Stripe's Retry-After gives, else longer each time, with jitter. The SDK's own attempts come first, and it has
 * none for a rate limit.
 */
async function withStripeRetries<T>({ signal, firstWaitMs }: StripeRetryOptions, call: () => Promise<T>): Promise<T> {
  return retry(call, {
    attempts: maxAttempts,
    firstPauseMs: firstWaitMs,
    maxPauseMs: maxWaitMs,
    isRetryable: async (error) => (await stripeFailureOf(error))?.retryable === true,
    readPause: readRetryAfter,
    signal,
  });
}

function readRetryAfter(error: unknown): number | undefined {
  const pauseMs = Number(memberOf(memberOf(error, "headers"), "retry-after")) * 1000;
  return pauseMs > 0 ? pauseMs : undefined;
}

/** Yields the pages of a list. @param fetchPage fetches the page after an id */
export async function* paginate<T extends { readonly id: string }>(
  retryOptions: StripeRetryOptions,
  fetchPage: (page: { limit: number; starting_after?: string }) => Promise<Page<T>>,
): AsyncGenerator<readonly T[]> {
  let after: string | undefined;
  for (;;) {
    const page = await withStripeRetries(retryOptions, () =>
      fetchPage({ limit: 100, ...(after === undefined ? {} : { starting_after: after }) }),
    );
    yield page.data;
    after = page.data.at(-1)?.id;
    if (!page.has_more || after === undefined) return;
  }
}
