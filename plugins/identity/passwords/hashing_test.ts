import { expect } from "chai";
import { monitorEventLoopDelay } from "node:perf_hooks";

import {
  checkPassword,
  hashSlowly,
  lanes,
  turnOfLogin,
  most,
  mostOfNetworks,
  mostOfOne,
  turnOfHotel,
} from "./hashing.ts";

const password = "correct-horse-battery";
const login = turnOfLogin("192.0.2.1", true);
const setting = turnOfHotel("a hotel");

describe("The hashing of passwords", () => {
  it("It is argon2id with 19 MiB, 2 passes, 1 lane and a salt", async () => {
    const [one, two] = await Promise.all([hashSlowly(password, setting), hashSlowly(password, setting)]);
    expect(one).to.match(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.to.equal(two);
    expect(await checkPassword(password, one, login)).to.equal(true);
    expect(await checkPassword("correct-horse-batterz", one, login)).to.equal(false);
    expect(await checkPassword(password, undefined, login)).to.equal(false);
  });

  it("A letter with an accent is equal as one character and as two", async () => {
    const composed = "r\u00e9servation-\u00e0-midi";
    const [hash, other] = [await hashSlowly(composed, setting), await hashSlowly(composed.normalize("NFD"), setting)];
    expect(await checkPassword(composed.normalize("NFD"), hash, login)).to.equal(true);
    expect(await checkPassword(composed, other, login)).to.equal(true);
    expect(await checkPassword("reservation-a-midi", hash, login)).to.equal(false);
  });

  it("Many waiting hashes leave the event loop and half of libuv's threads free", async () => {
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
    // Other work in the thread pool is served at once, and not behind forty hashes.
    await crypto.subtle.digest("SHA-256", new Uint8Array(1));
    expect(done).to.be.at.most(10);
    await hashes;
    delay.disable();
    // One hash takes 10 to 20 ms. On the event loop, forty of them would take most of a second.
    expect(delay.percentile(90) / 1e6).to.be.below(40);
  });

  const outcomeOf = (hashing: Promise<unknown>): Promise<string> =>
    hashing.then(
      () => "hashed",
      (error: unknown) => (error as { code: string }).code,
    );
  const countOf = (outcomes: readonly string[], wanted: string): number =>
    outcomes.filter((outcome) => outcome === wanted).length;

  it("A hotel that asks for too many is refused at once, and a login still gets its turn", async () => {
    let done = 0;
    const flood = Array.from({ length: 320 }, async () => {
      const outcome = await outcomeOf(hashSlowly(password, setting));
      if (outcome === "hashed") done += 1;
      return outcome;
    });
    await checkPassword(password, undefined, login);
    // Two groups: the hashes in the lanes, and one that is next in turn for each.
    expect(done).to.be.at.most(2 * lanes + 1);
    const outcomes = await Promise.all(flood);
    expect(countOf(outcomes, "hashed")).to.equal(mostOfOne + lanes);
    expect(countOf(outcomes, "RATE_LIMITED")).to.equal(320 - mostOfOne - lanes);
  });

  /** Logins of strangers with unknown names, each from another address. */
  const strangers = (count: number, addressOf: (stranger: number) => string): Promise<string[]> =>
    Promise.all(
      Array.from({ length: count }, (_, stranger) =>
        outcomeOf(checkPassword(password, undefined, turnOfLogin(addressOf(stranger), false))),
      ),
    );

  it("Known pairs keep their places from strangers, and are hashed first", async () => {
    let done = 0;
    const flood = Array.from({ length: 400 }, async (_, stranger) => {
      const turn = turnOfLogin(`203.${stranger >> 6}.${stranger & 63}.9`, false);
      const outcome = await outcomeOf(checkPassword(password, undefined, turn));
      if (outcome === "hashed") done += 1;
      return outcome;
    });
    const desks = Array.from({ length: 30 }, (_, desk) =>
      outcomeOf(checkPassword(password, undefined, turnOfLogin(`192.0.2.${desk}`, true))),
    );
    expect(new Set(await Promise.all(desks))).to.deep.equal(new Set(["hashed"]));
    // The hashes in the lanes, and one of four while the thirty took their turns.
    expect(done).to.be.at.most(lanes + 10 + lanes);
    const outcomes = await Promise.all(flood);
    expect(countOf(outcomes, "hashed")).to.equal(most.stranger + lanes);
    expect(countOf(outcomes, "SERVICE_UNAVAILABLE")).to.equal(400 - most.stranger - lanes);
  });

  it("The networks of one customer count together: a /64, a /56 and a /48, and an IPv4 /24", async () => {
    const [ofAddress, ofSite, ofAll] = mostOfNetworks;
    const hex = (part: number): string => part.toString(16);
    const floods: readonly (readonly [what: string, addressOf: (stranger: number) => string, places: number])[] = [
      ["one /64", (stranger) => `2001:db8:1:2::${hex(stranger)}`, ofAddress],
      ["the /64s of one /56", (stranger) => `2001:db8:1:ab${hex(16 + stranger)}::1`, ofSite],
      ["the /64s of one /48", (stranger) => `2001:db8:1:${hex(stranger * 256 + 1)}::1`, ofAll],
      ["one IPv4 address", () => "203.0.113.7", ofAddress],
      ["one IPv4 /24", (stranger) => `203.0.113.${stranger}`, ofSite],
    ];
    for (const [what, addressOf, places] of floods) {
      const flood = strangers(100, addressOf);
      const other = await strangers(1, () => "198.51.100.1");
      expect(other, `another stranger beside ${what}`).to.deep.equal(["hashed"]);
      expect(countOf(await flood, "hashed"), what).to.equal(places + lanes);
    }
  });

  it("A full kind is refused, and the other kinds keep their places", async () => {
    const hotels = Array.from({ length: 100 }, (_, hotel) => outcomeOf(hashSlowly(password, turnOfHotel(`${hotel}`))));
    const logins = await strangers(10, (stranger) => `192.0.2.${stranger}`);
    const ofHotels = await Promise.all(hotels);
    expect(countOf(ofHotels, "hashed")).to.equal(most.setting + lanes);
    expect(new Set(ofHotels)).to.deep.equal(new Set(["hashed", "SERVICE_UNAVAILABLE"]));
    expect(new Set(logins)).to.deep.equal(new Set(["hashed"]));
  });
});
