/** Changes that reach all bookings of a guest are made in batches, so that no statement and no turn of the loop is endless. */
import { expect } from "chai";
import type { Knex } from "knex";

import { openPool } from "../../../core/db/pool.ts";
import { loginRole, urlAs } from "../../../core/db/role_names.ts";
import { plansOf, sendPlans, startTestPlatform, type TestPlatform, testSecret } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { directDesk, type Outcome } from "../testing/model_tests/direct_desk.ts";
import { fillHotel } from "../testing/full_hotel.ts";

/** Bookings of the larger guest, of nearly all in the hotel, and of the other. */
const [many, few] = [1001, 450];

describe("a guest with very many bookings", () => {
  let platform: TestPlatform;
  let gate: Knex;
  let desk: Desk;
  let guests: readonly [large: string, small: string];
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    desk = await openDesk(platform);
    const { hotelId } = desk;
    await fillHotel(platform.owner, { ...desk, from: desk.day(1), rooms: 100, nights: 15 });
    const { rows } = (await platform.owner.raw(
      `WITH stays AS (SELECT booking_id, row_number() OVER (ORDER BY booking_id) AS n FROM pms.bookings WHERE hotel_id = :hotelId),
         two AS (SELECT guest_id, row_number() OVER (ORDER BY guest_id) AS n FROM pms.guests WHERE hotel_id = :hotelId)
       UPDATE pms.bookings b SET guest_id = two.guest_id FROM stays, two
       WHERE b.hotel_id = :hotelId AND b.booking_id = stays.booking_id
         AND two.n = CASE WHEN stays.n <= :many::int THEN 1 WHEN stays.n <= :many::int + :few::int THEN 2 END
       RETURNING two.n, two.guest_id`,
      { hotelId, many, few },
    )) as { rows: { n: string; guest_id: string }[] };
    const guest = (n: string): string => rows.find((row) => row.n === n)?.guest_id ?? "";
    guests = [guest("1"), guest("2")];
    await platform.owner.raw("ANALYZE");
    await sendPlans(platform.owner);
    gate = openPool({ url: urlAs(platform.databaseUrl, loginRole, testSecret), max: 1, name: "many bookings test" });
  });
  after(async () => {
    await gate?.destroy();
    await platform?.close();
  });

  /** The most bookings that a statement of the call wrote or read whole, and what came of the call. */
  async function batchesOf(id: string, guestId: string, body: Record<string, unknown>) {
    let outcome: Outcome = { code: "", body: undefined };
    const plans = await plansOf(gate, async () => {
      outcome = await directDesk(gate, desk.hotelId)({ id, params: { guest_id: guestId }, body });
    });
    const touched = plans
      .filter(({ statement }) => /^(update|insert into|select "pms"\."bookings"\.\*)/.test(statement))
      // A statement that writes has its rows one step below.
      .map(({ root }) => Math.max(root["Actual Rows"] ?? 0, root.Plans?.[0]?.["Actual Rows"] ?? 0));
    return { ...outcome, batch: Math.max(0, ...touched) };
  }
  const bookingsOf = async (guestId: string): Promise<number> => {
    const [row] = (await platform
      .owner("pms.bookings")
      .where({ hotel_id: desk.hotelId, guest_id: guestId })
      .count("* AS count")) as { count: string }[];
    return Number(row?.count);
  };
  const linesOf = async (action: string): Promise<number> => {
    const [row] = (await platform
      .owner("pms.booking_history")
      .where({ hotel_id: desk.hotelId, action })
      .countDistinct("booking_id AS count")) as { count: string }[];
    return Number(row?.count);
  };

  it("A duplicate with more than 1,000 bookings is not merged, and keeps them", async () => {
    const [large, small] = guests;
    const refused = await batchesOf("mergeGuest", small, { duplicate_id: large });
    expect(refused.code).to.equal("TOO_MANY_BOOKINGS");
    expect(refused.body.detail).to.contain(`${many} bookings; the limit is 1000`);
    expect(await bookingsOf(large)).to.equal(many);
  });

  it("The other way round, all bookings are given away batch by batch and come back, each with its line of history", async () => {
    const [large, small] = guests;
    const merged = await batchesOf("mergeGuest", large, { duplicate_id: small });
    expect([merged.code, merged.body.bookings]).to.deep.equal(["OK", many + few]);
    expect(await linesOf("merge")).to.equal(few);
    const back = await batchesOf("unmergeGuest", small, {});
    expect(back.code).to.equal("OK");
    expect([await bookingsOf(large), await bookingsOf(small), await linesOf("unmerge")]).to.deep.equal([
      many,
      few,
      few,
    ]);
    for (const { batch } of [merged, back]) expect(batch).to.be.within(100, 200);
  });

  it("Another name reaches all bookings ahead, and a guest is forgotten in all of them", async () => {
    const [, small] = guests;
    const renamed = await batchesOf("changeGuest", small, { name: "Grace Hopper" });
    expect(renamed.code).to.equal("OK");
    expect(renamed.batch).to.be.within(100, 200);
    const named = (): Knex.QueryBuilder =>
      platform
        .owner("pms.bookings")
        .where({ hotel_id: desk.hotelId, guest_id: small })
        .distinct("guest_name", "version");
    // Its version counts the merge, the way back, and the name.
    expect(await named()).to.deep.equal([{ guest_name: "Grace Hopper", version: 4 }]);
    expect(await linesOf("guest")).to.equal(few);
    await platform
      .owner("pms.bookings")
      .where({ hotel_id: desk.hotelId, guest_id: small })
      .update({ status: "canceled" });
    expect((await batchesOf("anonymizeGuest", small, {})).code).to.equal("OK");
    expect(await named()).to.deep.equal([{ guest_name: "Anonymous", version: 5 }]);
    expect(await linesOf("anonymize")).to.equal(few);
  });
});
