import { expect } from "chai";
import { monitorEventLoopDelay } from "node:perf_hooks";

import { checkPassword, hashSlowly, lanes, loginTurn, mostOfOne, settingTurn } from "./hashing.ts";

const password = "correct-horse-battery";
const login = loginTurn("192.0.2.1");
const setting = settingTurn("a hotel");

describe("the hashing of passwords", () => {
  it("is argon2id with 19 MiB, 2 passes and 1 lane, and salted", async () => {
    const [one, two] = await Promise.all([hashSlowly(password, setting), hashSlowly(password, setting)]);
    expect(one).to.match(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.to.equal(two);
    expect(await checkPassword(password, one, login)).to.equal(true);
    expect(await checkPassword("correct-horse-batterz", one, login)).to.equal(false);
    expect(await checkPassword(password, undefined, login)).to.equal(false);
  });

  it("takes a letter with an accent for the same, as one character or as two", async () => {
    const composed = "r\u00e9servation-\u00e0-midi";
    const [hash, other] = [await hashSlowly(composed, setting), await hashSlowly(composed.normalize("NFD"), setting)];
    expect(await checkPassword(composed.normalize("NFD"), hash, login)).to.equal(true);
    expect(await checkPassword(composed, other, login)).to.equal(true);
    expect(await checkPassword("reservation-a-midi", hash, login)).to.equal(false);
  });

  it("leaves the event loop free and half of libuv's threads too, however many wait", async () => {
    expect(lanes).to.be.within(1, 2);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    let done = 0;
    const hashes = Promise.all(
      Array.from({ length: 40 }, async () => {
        await hashSlowly(password, setting);
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

  const outcomeOf = (hashing: Promise<unknown>): Promise<string> =>
    hashing.then(
      () => "hashed",
      (error: unknown) => (error as { code: string }).code,
    );
  const countOf = (outcomes: readonly string[], wanted: string): number =>
    outcomes.filter((outcome) => outcome === wanted).length;

  it("tells one hotel at once that it asks for too many, and has a login's turn come all the same", async () => {
    let done = 0;
    const flood = Array.from({ length: 320 }, async () => {
      const outcome = await outcomeOf(hashSlowly(password, setting));
      if (outcome === "hashed") done += 1;
      return outcome;
    });
    await checkPassword(password, undefined, login);
    // Those in the lanes, and one that is next in turn for each.
    expect(done).to.be.at.most(2 * lanes + 1);
    const outcomes = await Promise.all(flood);
    expect(countOf(outcomes, "hashed")).to.equal(mostOfOne + lanes);
    expect(countOf(outcomes, "RATE_LIMITED")).to.equal(320 - mostOfOne - lanes);
  });

  it("keeps half of the queue for logins, and says so when all of it is full", async () => {
    const hotels = Array.from({ length: 140 }, (_, hotel) => outcomeOf(hashSlowly(password, settingTurn(`${hotel}`))));
    const logins = Array.from({ length: 140 }, (_, address) =>
      outcomeOf(checkPassword(password, undefined, loginTurn(`192.0.2.${address}`))),
    );
    const [ofHotels, ofLogins] = [await Promise.all(hotels), await Promise.all(logins)];
    expect(countOf(ofHotels, "hashed")).to.equal(125 + lanes);
    expect(countOf(ofLogins, "hashed")).to.equal(125);
    expect(new Set([...ofHotels, ...ofLogins])).to.deep.equal(new Set(["hashed", "SERVICE_UNAVAILABLE"]));
  });
});
