/** Changes of all bookings of a guest run in batches, so that no statement and no turn of the event loop is long. */
import { expect } from "chai";
import type { Knex } from "knex";

import { openPool } from "../../../core/db/pool.ts";
import { loginRole, urlAs } from "../../../core/db/role_names.ts";
import { plansOf, sendPlans, startTestPlatform, type TestPlatform, testSecret } from "#testing/mod.ts";
import { type Desk, openDesk } from "../testing/desk.ts";
import { directDesk, type Outcome } from "../testing/model_tests/direct_desk.ts";
import { fillHotel } from "../testing/full_hotel.ts";

/** The number of bookings of the first guest and of the second. */
const [many, few] = [1001, 450];

describe("A guest with very many bookings", () => {
  let platform: TestPlatform;
  let pool: Knex;
  let desk: Desk;
  let guests: readonly [large: string, small: string];
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    desk = await openDesk(platform);
    const { hotelId } = desk;
    await fillHotel(platform.owner, { ...desk, from: desk.day(1), rooms: 100, nights: 15 });
    const { rows } = (await platform.owner.raw(
      `WITH stays AS (SELECT booking_id, row_number() OVER (ORDER BY booking_id) AS n
           FROM pms.bookings WHERE hotel_id = :hotelId),
         two AS (SELECT guest_id, row_number() OVER (ORDER BY guest_id) AS n
           FROM pms.guests WHERE hotel_id = :hotelId)
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
    pool = openPool({ url: urlAs(platform.databaseUrl, loginRole, testSecret), max: 1, name: "many bookings test" });
  });
  after(async () => {
    await pool?.destroy();
    await platform?.close();
  });

  /** Runs a call. @returns its outcome, and the most bookings that one of its statements wrote or read completely */
  async function batchesOf(id: string, guestId: string, body: Record<string, unknown>) {
    let outcome: Outcome = { code: "", body: undefined };
    const plans = await plansOf(pool, async () => {
      outcome = await directDesk(pool, desk.hotelId)({ id, params: { guest_id: guestId }, body });
    });
    const touched = plans
      .filter(({ statement }) => /^(update|insert into|select "pms"\."bookings"\.\*)/.test(statement))
      // In the plan of a writing statement, the child of the root has the rows.
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

  it("A duplicate with more than 1,000 bookings is not merged, and keeps its bookings", async () => {
    const [large, small] = guests;
    const refused = await batchesOf("mergeGuest", small, { duplicate_id: large });
    expect(refused.code).to.equal("TOO_MANY_BOOKINGS");
    expect(refused.body.detail).to.contain(`${many} bookings; the limit is 1000`);
    expect(await bookingsOf(large)).to.equal(many);
  });

  it("A merge moves 450 bookings in batches, its undo moves them back, and each adds a line of history", async () => {
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

  it("A new name and an anonymization change all bookings of the guest in batches", async () => {
    const [, small] = guests;
    const renamed = await batchesOf("changeGuest", small, { name: "Grace Hopper" });
    expect(renamed.code).to.equal("OK");
    expect(renamed.batch).to.be.within(100, 200);
    const named = (): Knex.QueryBuilder =>
      platform
        .owner("pms.bookings")
        .where({ hotel_id: desk.hotelId, guest_id: small })
        .distinct("guest_name", "version");
    // The version counts the merge, its undo and the new name.
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
