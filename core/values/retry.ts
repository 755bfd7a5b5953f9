import { setTimeout as sleep } from "node:timers/promises";

export interface Pauses {
  /** Milliseconds before the second attempt. Each further pause is twice as long. */
  readonly firstPauseMs: number;
  /** The longest pause in milliseconds. */
  readonly maxPauseMs?: number;
  /**
   * The random share of each pause, from 0 to 1. The default is 0.5.
   * It keeps callers that failed together from coming back together.
   */
  readonly jitter?: number;
}

export interface RetryOptions extends Pauses {
  /** How many attempts there are in all, with the first. */
  readonly attempts: number;
  /** Returns true if the same call may succeed later. */
  readonly isRetryable: (error: unknown) => boolean | Promise<boolean>;
  /** Returns the pause in milliseconds that the other side asked for (`Retry-After`), if it did. It has no jitter. */
  readonly readPause?: (error: unknown) => number | undefined;
  /** Is called before each pause. */
  readonly onRetry?: (error: unknown) => void;
  /** Ends the pauses and the attempts. The call then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls `work` until it succeeds, fails with an error that is not retryable, or has used up its attempts.
 * @throws the error of the last attempt, or the reason of the signal
 */
export async function retry<T>(work: () => PromiseLike<T>, options: RetryOptions): Promise<T> {
  const { attempts, isRetryable, readPause, onRetry, signal } = options;
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      if (attempt >= attempts || !(await isRetryable(error))) throw error;
      onRetry?.(error);
      const pauseMs = Math.min(readPause?.(error) ?? pauseAfter(attempt, options), options.maxPauseMs ?? Infinity);
      // An abort ends the pause early. The next round then throws its reason, which the error of `sleep` hides.
      await sleep(pauseMs, undefined, signal && { signal }).catch(() => undefined);
    }
  }
}

/** Returns the pause after a failed attempt in milliseconds. @param attempt counts from 1 @param random from 0 to 1 */
export function pauseAfter(attempt: number, { firstPauseMs, jitter = 0.5 }: Pauses, random = Math.random()): number {
  return firstPauseMs * 2 ** (attempt - 1) * (1 - jitter * random);
}
