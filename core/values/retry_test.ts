import { expect } from "chai";

import { pauseAfter, retry, type RetryOptions } from "./retry.ts";

class Outage extends Error {}

const options: RetryOptions = {
  attempts: 3,
  firstPauseMs: 0,
  isRetryable: (error) => error instanceof Outage,
};

/** Fails with these errors, one a call, and then returns how often it was called. */
function failing(...errors: readonly Error[]) {
  let calls = 0;
  const work = (): Promise<number> => {
    const error = errors[calls];
    calls += 1;
    return error === undefined ? Promise.resolve(calls) : Promise.reject(error);
  };
  return { work, calls: () => calls };
}

describe("a retried call", () => {
  it("A call that succeeds in its last attempt returns the result", async () => {
    const seen: unknown[] = [];
    const [first, second] = [new Outage(), new Outage()];
    const { work } = failing(first, second);
    expect(await retry(work, { ...options, onRetry: (error) => seen.push(error) })).to.equal(3);
    expect(seen).to.deep.equal([first, second]);
  });

  it("A call without attempts left throws the error of its last attempt", async () => {
    const errors = [new Outage("1"), new Outage("2"), new Outage("3"), new Outage("4")];
    const { work, calls } = failing(...errors);
    expect(await retry(work, options).catch((error: unknown) => error)).to.equal(errors[2]);
    expect(calls()).to.equal(3);
  });

  it("An error that is not retryable is thrown at once", async () => {
    const fault = new Error("wrong password");
    const { work, calls } = failing(new Outage(), fault);
    expect(await retry(work, options).catch((error: unknown) => error)).to.equal(fault);
    expect(calls()).to.equal(2);
  });

  it("An abort ends a pause, and the call throws the signal's reason", async () => {
    const stop = new AbortController();
    const { work, calls } = failing(new Outage());
    const reason = new Error("the worker stops");
    const onRetry = (): void => queueMicrotask(() => stop.abort(reason));
    const hour = { ...options, firstPauseMs: 3_600_000, signal: stop.signal, onRetry };
    expect(await retry(work, hour).catch((error: unknown) => error)).to.equal(reason);
    expect(calls()).to.equal(1);
  });

  it("A signal that has aborted before lets no attempt begin", async () => {
    const { work, calls } = failing();
    const reason = new Error("too late");
    const signal = AbortSignal.abort(reason);
    expect(await retry(work, { ...options, signal }).catch((error: unknown) => error)).to.equal(reason);
    expect(calls()).to.equal(0);
  });

  it("An attempt that fails after an abort throws the signal's reason", async () => {
    const stop = new AbortController();
    const reason = new Error("the client is gone");
    const work = (): Promise<never> => {
      stop.abort(reason);
      return Promise.reject(new Outage());
    };
    const answer = retry(work, { ...options, signal: stop.signal });
    expect(await answer.catch((error: unknown) => error)).to.equal(reason);
  });

  it("A pause lasts as long as the other side asked, up to the longest pause", async () => {
    const { work } = failing(new Outage());
    const asked = { ...options, firstPauseMs: 3_600_000, readPause: () => 3_600_000, maxPauseMs: 1 };
    expect(await retry(work, asked)).to.equal(2);
    expect(
      await retry(failing(new Outage()).work, { ...options, firstPauseMs: 3_600_000, readPause: () => 0 }),
    ).to.equal(2);
  });

  it("Each pause is twice as long as the one before, less a random share", () => {
    const pauses = (random: number, jitter?: number) =>
      [1, 2, 3].map((attempt) =>
        pauseAfter(attempt, { firstPauseMs: 100, ...(jitter === undefined ? {} : { jitter }) }, random),
      );
    expect(pauses(0)).to.deep.equal([100, 200, 400]);
    expect(pauses(1)).to.deep.equal([50, 100, 200]);
    expect(pauses(1, 1)).to.deep.equal([0, 0, 0]);
    expect(pauses(0.5, 0)).to.deep.equal([100, 200, 400]);
  });
});
