/** Compares the times of two kinds of requests. Uses ranks, medians and repeated rounds, against a noisy machine. */

export interface TimeDifference {
  /** Milliseconds by which the median of the first is longer. */
  readonly ms: number;
  /** Standard deviations by the rank sum test of Mann and Whitney. */
  readonly z: number;
}

export interface TimingOptions {
  /** Samples of each kind in a round. Default: 20. */
  readonly samples?: number;
  /**
   * Number of rounds. A difference must show in each of them, in one direction. The first round without one ends the
   * comparison. Default: 3.
   */
  readonly rounds?: number;
  /** The least difference of medians that counts, as a part of the faster one. Default: 0.3. */
  readonly part?: number;
  /** The least difference of medians that counts, in milliseconds. Default: 1. */
  readonly ms?: number;
}

/**
 * Runs both in alternating order, and compares their times.
 * @returns the difference that showed in every round, or undefined without one
 */
export async function findTimeDifference(
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
