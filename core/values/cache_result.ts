import { LRUCache } from "lru-cache";

/**
 * Returns a function that gives the last result of `read` again for `ms` milliseconds.
 * Callers during a read share its result or its error. An error is not kept.
 * @param now milliseconds of a clock that never goes back; a test passes its own
 */
export function cacheResult<T extends object>(
  ms: number,
  read: () => Promise<T>,
  now: () => number = () => performance.now(),
): () => Promise<T> {
  // Resolution 0: otherwise the cache asks the clock at most once a millisecond, by a timer.
  const results = new LRUCache<"result", T>({
    max: 1,
    ttl: ms,
    ttlResolution: 0,
    perf: { now },
    fetchMethod: () => read(),
  });
  return () => results.forceFetch("result");
}
