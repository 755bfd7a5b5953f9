/** Do two kinds of request take different times? Robust against a noisy machine: ranks and medians, and asked again. */

export interface TimeDifference {
  /** Milliseconds by which the first takes longer, of medians. */
  readonly ms: number;
  /** Standard deviations by the rank sum test of Mann and Whitney. */
  readonly z: number;
}

export interface TimingOptions {
  /** Samples of each kind in a round; default 20. */
  readonly samples?: number;
  /** A difference must show in each of so many rounds, in one direction; default 3. Where the first shows none, it is the last. */
  readonly rounds?: number;
  /** The least difference of medians that counts, as a part of the faster one; default 0.3. */
  readonly part?: number;
  /** And in milliseconds; default 1. */
  readonly ms?: number;
}

/**
 * Runs both in turn, in an order that alternates, and compares.
 * @returns the difference that showed in every round, or undefined where the times tell nothing
 */
export async function timesTell(
  first: () => Promise<unknown>,
  second: () => Promise<unknown>,
  { samples = 20, rounds = 3, part = 0.3, ms = 1 }: TimingOptions = {},
): Promise<TimeDifference | undefined> {
  await first();
  await second();
  let seen: TimeDifference | undefined;
  for (let round = 0; round < rounds; round += 1) {
    const firsts: number[] = [];
    const seconds: number[] = [];
    for (let sample = 0; sample < samples; sample += 1) {
      if (sample % 2 === 0) firsts.push(await timeOf(first));
      seconds.push(await timeOf(second));
      if (sample % 2 === 1) firsts.push(await timeOf(first));
    }
    const difference = compare(firsts, seconds);
    const faster = Math.min(median(firsts), median(seconds));
    const shows = Math.abs(difference.z) > 4 && Math.abs(difference.ms) > Math.max(ms, faster * part);
    if (!shows || (seen !== undefined && Math.sign(seen.ms) !== Math.sign(difference.ms))) return undefined;
    seen = difference;
  }
  return seen;
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function compare(firsts: readonly number[], seconds: readonly number[]): TimeDifference {
  const wins = firsts.reduce((sum, one) => sum + seconds.filter((other) => one > other).length, 0);
  const pairs = firsts.length * seconds.length;
  const deviation = Math.sqrt((pairs * (firsts.length + seconds.length + 1)) / 12);
  return { ms: median(firsts) - median(seconds), z: (wins - pairs / 2) / deviation };
}

/** @param values at least one */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
