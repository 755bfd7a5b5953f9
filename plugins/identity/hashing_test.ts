import { expect } from "chai";
import { monitorEventLoopDelay } from "node:perf_hooks";

import { checkPassword, hashSlowly, lanes } from "./hashing.ts";

describe("the hashing of passwords", () => {
  it("is argon2id with 19 MiB, 2 passes and 1 lane, and salted", async () => {
    const [one, two] = await Promise.all([hashSlowly("correct-horse-battery"), hashSlowly("correct-horse-battery")]);
    expect(one).to.match(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.to.equal(two);
    expect(await checkPassword("correct-horse-battery", one)).to.equal(true);
    expect(await checkPassword("correct-horse-batterz", one)).to.equal(false);
    expect(await checkPassword("correct-horse-battery", undefined)).to.equal(false);
  });

  it("leaves the event loop free and half of libuv's threads too, however many wait", async () => {
    expect(lanes).to.be.within(1, 2);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    let done = 0;
    const hashes = Promise.all(
      Array.from({ length: 40 }, async () => {
        await hashSlowly("correct-horse-battery");
        done += 1;
      }),
    );
    // Another user of the pool is served at once, and not behind forty hashes.
    await crypto.subtle.digest("SHA-256", new Uint8Array(1));
    expect(done).to.be.at.most(10);
    await hashes;
    delay.disable();
    // One hash is 10 to 20 ms; on the loop, forty of them would be most of a second.
    expect(delay.percentile(90) / 1e6).to.be.below(40);
  });

  it("says so at once when too many wait", async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 300 }, () =>
        hashSlowly("correct-horse-battery").then(
          () => "hashed",
          (error: unknown) => (error as { code: string }).code,
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === "hashed").length).to.equal(250 + lanes);
    expect(new Set(outcomes)).to.deep.equal(new Set(["hashed", "SERVICE_UNAVAILABLE"]));
  });
});
