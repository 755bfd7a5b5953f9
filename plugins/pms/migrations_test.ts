import { expect } from "chai";
import type { Knex } from "knex";

import { openPool } from "../../core/db/pool.ts";
import { sqlStateOf } from "../../core/mod.ts";
import { loginRole, urlAs } from "../../core/db/role_names.ts";
import { createTestDatabase, type TestDatabase, testSecret } from "#testing/mod.ts";
import { up as soldRoomTypes } from "./migrations/0006_sold_room_types.ts";
import { up as dayClosesFrom } from "./migrations/0010_day_closes_from.ts";
import { up as anonymizedGuests } from "./migrations/0034_anonymized_guests.ts";
import { directDesk } from "./testing/model_tests/direct_desk.ts";
import { dayText } from "./testing/model_tests/model/data.ts";
import { insertHotel } from "./testing/insert_hotel.ts";

describe("the PMS's migrations", function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let owner: Knex;
  before(async () => {
    database = await createTestDatabase();
    owner = openPool({ url: database.url, max: 1, name: "test owner" });
  });
  after(async () => {
    await owner.destroy();
    await database.drop();
  });

  const shape = async (): Promise<unknown[]> => {
    const { rows } = (await owner.raw(`
      SELECT attname, atttypid::regtype, attnotnull, pg_get_expr(adbin, adrelid) AS fallback,
        relrowsecurity, relforcerowsecurity
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = attnum
      WHERE c.oid IN ('pms.policies'::regclass, 'identity.hotels'::regclass) ORDER BY c.oid, attname`)) as {
      rows: unknown[];
    };
    return rows;
  };

  /** Restores the table before migration 0010: without its columns, and without a default closing time. */
  const before0010 = `
    ALTER TABLE pms.policies DROP COLUMN day_closes_from, DROP COLUMN receptionists_close_day,
      ALTER COLUMN day_closes_at DROP DEFAULT`;

  /** Runs a migration as a plain owner. Forced row-level security applies to it, but not to a superuser. */
  const asPlainOwner = (tables: readonly string[], up: (trx: Knex) => Promise<void>) =>
    owner.transaction(async (trx) => {
      const plain = `plain_owner_${process.pid}`;
      await trx.raw(`CREATE ROLE ${plain}; GRANT USAGE ON SCHEMA core, identity, pms TO ${plain};
        ${tables.map((table) => `ALTER TABLE ${table} OWNER TO ${plain};`).join("\n")}
        SET LOCAL ROLE ${plain}`);
      await up(trx);
      await trx.raw(
        `RESET ROLE; REASSIGN OWNED BY ${plain} TO CURRENT_USER; DROP OWNED BY ${plain}; DROP ROLE ${plain}`,
      );
    });

  it("Migration 0006 gives sold nights the room type of their room, and this type can't be deleted", async () => {
    const { hotelId, model } = await insertHotel(owner, { currency: "EUR", decimals: 2, timeZone: "Europe/Berlin" });
    const pool = openPool({ url: urlAs(database.url, loginRole, testSecret), max: 2, name: "test desk" });
    try {
      const call = directDesk(pool, hotelId);
      for (const [at, room] of model.rooms.entries()) {
        const stay = { check_in_at: dayText(at), expected_check_out_at: dayText(at + 2) };
        const body = { room_id: room.id, guest: { name: `Guest ${at}` }, ...stay };
        expect((await call({ id: "createBooking", body })).code).to.equal("OK");
      }
    } finally {
      await pool.destroy();
    }
    const nights = () =>
      owner("pms.booking_nights")
        .where({ hotel_id: hotelId })
        .orderBy(["date", "room_id"])
        .select("date", "room_id", "room_type_id");
    const sold = await nights();
    expect(new Set(sold.map(({ room_type_id: type }) => type as string)).size).to.be.greaterThan(1);
    await owner.raw(`DROP TRIGGER keep_sold_types ON pms.room_types; DROP FUNCTION pms.keep_sold_types();
      ALTER TABLE pms.booking_nights DROP COLUMN room_type_id`);
    await owner.transaction((trx) => soldRoomTypes(trx));
    expect(await nights()).to.deep.equal(sold);
    const [first] = sold;
    const refusal = await owner("pms.room_types")
      .where({ hotel_id: hotelId, room_type_id: first?.room_type_id })
      .delete()
      .catch((error: unknown) => sqlStateOf(error));
    expect(refusal).to.equal("23503");
  });

  it("Migration 0010 keeps how existing hotels close their days, and new hotels get the default time", async () => {
    const fresh = await shape();
    await owner.raw(before0010);
    const kind = { currency: "EUR", decimals: 2, timeZone: "Europe/Berlin" };
    const [silent, late, never] = [
      await insertHotel(owner, kind),
      await insertHotel(owner, kind),
      await insertHotel(owner, kind),
    ].map(({ hotelId }) => hotelId);
    await owner("pms.policies").insert([
      { hotel_id: late, day_closes_at: "02:30", version: 5 },
      { hotel_id: never, day_closes_at: null, no_show_charge: "none", version: 2 },
    ]);
    await asPlainOwner(["identity.hotels", "pms.policies"], dayClosesFrom);
    expect(await shape()).to.deep.equal(fresh);
    const policies = (hotelId: string | undefined) => owner("pms.policies").where({ hotel_id: hotelId }).first();
    const added = { day_closes_from: "18:00:00", receptionists_close_day: true };
    expect(await policies(silent)).to.include({
      ...added,
      day_closes_at: null,
      no_show_charge: "first_night",
      version: 1,
    });
    expect(await policies(late)).to.include({ ...added, day_closes_at: "02:30:00", version: 5 });
    expect(await policies(never)).to.include({ ...added, day_closes_at: null, no_show_charge: "none", version: 2 });
    const { hotelId: later } = await insertHotel(owner, kind);
    expect(await policies(later)).to.equal(undefined);
  });

  it("Migration 0034 renames the column and the action of anonymized guests, and keeps their rows", async () => {
    const { hotelId, model } = await insertHotel(owner, { currency: "EUR", decimals: 2, timeZone: "Europe/Berlin" });
    const pool = openPool({ url: urlAs(database.url, loginRole, testSecret), max: 2, name: "test desk" });
    try {
      const call = directDesk(pool, hotelId);
      const book = async (name: string, at: number) => {
        const stay = { check_in_at: dayText(at), expected_check_out_at: dayText(at + 1) };
        return call({ id: "createBooking", body: { room_id: model.rooms[0]?.id, guest: { name }, ...stay } });
      };
      const past = (await book("Past Guest", 0)).body;
      await book("Expected Guest", 1);
      const canceled = { id: "cancelBooking", params: { booking_id: past.booking_id } };
      expect((await call(canceled)).code).to.equal("OK");
      const anonymized = { id: "anonymizeGuest", params: { guest_id: past.guest_id } };
      expect((await call(anonymized)).code).to.equal("OK");
    } finally {
      await pool.destroy();
    }
    const entries = () =>
      owner("pms.booking_history")
        .where({ hotel_id: hotelId })
        .orderBy("entry_id")
        .select("entry_id", "action", "after");
    const guests = () => owner("pms.guests").where({ hotel_id: hotelId }).orderBy("guest_id").select("*");
    const [entriesAfter, guestsAfter] = [await entries(), await guests()];
    expect(entriesAfter.map(({ action }) => action as string)).to.have.members(["book", "book", "cancel", "anonymize"]);
    expect(guestsAfter.map(({ anonymized_at: at }) => at === null)).to.have.members([true, false]);

    const before0034 = `
      ALTER TABLE pms.guests RENAME COLUMN anonymized_at TO anonymised_at;
      UPDATE pms.booking_history SET action = 'anonymise' WHERE action = 'anonymize'`;
    await owner.raw(before0034);
    await asPlainOwner(["pms.guests", "pms.booking_history"], anonymizedGuests);
    expect(await entries()).to.deep.equal(entriesAfter);
    expect(await guests()).to.deep.equal(guestsAfter);

    // Row-level security covers the owner of the table again.
    const { rows } = (await owner.raw(
      `SELECT relrowsecurity AND relforcerowsecurity AS forced
       FROM pg_class WHERE oid = 'pms.booking_history'::regclass`,
    )) as { rows: { forced: boolean }[] };
    expect(rows).to.deep.equal([{ forced: true }]);
  });
});
