import { expect } from "chai";

import { cacheResult } from "./cache_result.ts";

describe("a cached result", () => {
  let at = 1000;
  let reads = 0;
  const read = () => {
    reads += 1;
    return Promise.resolve({ reads });
  };
  beforeEach(() => {
    reads = 0;
  });

  it("A cached result is read again after its time, and not before", async () => {
    const get = cacheResult(5000, read, () => at);
    expect(await get()).to.deep.equal({ reads: 1 });
    at += 5000;
    expect(await get()).to.deep.equal({ reads: 1 });
    at += 1;
    expect(await get()).to.deep.equal({ reads: 2 });
  });

  it("Callers that wait for the same result share one read", async () => {
    const get = cacheResult(5000, read, () => at);
    expect(await Promise.all([get(), get(), get()])).to.deep.equal([{ reads: 1 }, { reads: 1 }, { reads: 1 }]);
  });

  it("An error reaches every waiting caller and is not cached", async () => {
    const get = cacheResult(
      5000,
      () => (reads === 0 ? read().then(() => Promise.reject(new Error("no answer"))) : read()),
      () => at,
    );
    const answers = await Promise.allSettled([get(), get()]);
    expect(answers.map(({ status }) => status)).to.deep.equal(["rejected", "rejected"]);
    expect(await get()).to.deep.equal({ reads: 2 });
  });
});
