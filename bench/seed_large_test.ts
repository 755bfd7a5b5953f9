import { verify } from "@node-rs/argon2";
import { expect } from "chai";
import type { Knex } from "knex";

import { openPool } from "../core/db/pool.ts";
import { createTestDatabase, type TestDatabase } from "../testing/postgres.ts";
import { invariants } from "./seed/invariants.ts";
import { grandManager, seed, seedPassword } from "./seed/mod.ts";

const tables = [
  "identity.hotels",
  "identity.users",
  "pms.policies",
  "pms.room_types",
  "pms.rooms",
  "pms.rates",
  "pms.guests",
  "pms.bookings",
  "pms.booking_nights",
  "pms.occupancies",
  "pms.booking_history",
];
const day = "2026-11-05";
/** One hotel of 100 rooms with 10,000 bookings, and one of ten rooms with 5,000. */
const scale = 0.005;

const one = (status: string): string =>
  `(hotel_id, booking_id) =
    (SELECT hotel_id, booking_id FROM pms.bookings WHERE status = '${status}' ORDER BY booking_id LIMIT 1)`;

/** A change that breaks each rule, which shows that the rule finds it. */
const breaks: Readonly<Record<keyof typeof invariants, string>> = {
  "a total is the sum of the nights on the bill": `
    UPDATE pms.bookings SET total_amount = total_amount + 1 WHERE ${one("no_show")}`,
  "the nights on the bill are those from arrival to departure": `
    UPDATE pms.bookings SET departure = departure + 1 WHERE ${one("confirmed")}`,
  "allocations match the runs of nights in each room": `
    DELETE FROM pms.occupancies WHERE ${one("in_house")}`,
  "no two parties share a room and a night": `ALTER TABLE pms.occupancies DROP CONSTRAINT one_party_a_night;
    INSERT INTO pms.occupancies (hotel_id, occupancy_id, room_id, arrival, departure, reason)
    SELECT hotel_id, gen_random_uuid(), room_id, departure - 1, departure + 1, 'too' FROM pms.occupancies LIMIT 1`,
  "a state fits the business date": `UPDATE pms.bookings SET status = 'confirmed' WHERE ${one("checked_out")}`,
  "exactly guests in house and departed guests were checked in": `
    UPDATE pms.bookings SET checked_in_on = NULL WHERE ${one("in_house")}`,
  "a booking is of its guest and fits into its room": `
    UPDATE pms.bookings SET guest_name = 'Nobody' WHERE ${one("confirmed")}`,
  "no two guests are one by name and address or phone": `INSERT INTO pms.guests (hotel_id, guest_id, name, email)
    SELECT hotel_id, gen_random_uuid(), name, email FROM pms.guests WHERE email IS NOT NULL LIMIT 1`,
  "each history begins with the booking": `
    DELETE FROM pms.booking_history WHERE action = 'book' AND ${one("checked_out")}`,
  "the history of current bookings leads to the present": `
    UPDATE pms.bookings SET notes = 'other' WHERE ${one("confirmed")}`,
};

/** Returns a table's indexes, constraints and row-level security. */
async function shapeOf(owner: Knex): Promise<unknown> {
  const { rows } = (await owner.raw(
    `SELECT pg_get_indexdef(indexrelid) AS part FROM pg_index WHERE indrelid = ANY(?::regclass[]) AND indisvalid
     UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
       WHERE conrelid = ANY(?::regclass[]) AND convalidated
     UNION ALL SELECT oid::regclass || ' ' || relrowsecurity || relforcerowsecurity FROM pg_class
       WHERE oid = ANY(?::regclass[])
     ORDER BY part`,
    [tables, tables, tables],
  )) as { rows: { part: string }[] };
  return rows.map(({ part }) => part);
}

/** One hash over all rows of each table. */
async function contentOf(owner: Knex): Promise<Record<string, unknown>> {
  const content: Record<string, unknown> = {};
  for (const table of tables) {
    const { rows } = (await owner.raw(
      `SELECT count(*)::int AS rows, md5(string_agg(md5(t::text), '' ORDER BY t::text COLLATE "C")) AS hash
         FROM ${table} t`,
    )) as { rows: unknown[] };
    content[table] = rows[0];
  }
  return content;
}

describe("The large seed", function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let owner: Knex;
  let bare: unknown;
  before(async () => {
    database = await createTestDatabase();
    owner = openPool({ url: database.url, max: 1, name: "seed test" });
    bare = await shapeOf(owner);
    await seed({ url: database.url, scale, day, say: () => undefined });
  });
  after(async () => {
    await owner.destroy();
    await database.drop();
  });

  const valueOf = async (sql: string): Promise<unknown> => {
    const { rows } = (await owner.raw(sql)) as { rows: Record<string, unknown>[] };
    return Object.values(rows[0] ?? {})[0];
  };

  it("It makes as many rooms and bookings as it says", async () => {
    expect(await valueOf("SELECT count(*)::int FROM pms.rooms")).to.equal(110);
    expect(await valueOf("SELECT count(*)::int FROM pms.bookings")).to.equal(15_000);
  });

  for (const [name, sql] of Object.entries(invariants)) {
    it(`It keeps to the rule: ${name}`, async () => {
      const { rows } = (await owner.raw(`SELECT * FROM (${sql}) AS broken LIMIT 3`)) as { rows: unknown[] };
      expect(rows).to.deep.equal([]);
    });

    it(`A change that breaks the rule is found: ${name}`, async () => {
      let broken: unknown[] = [];
      const undone = await owner
        .transaction(async (trx) => {
          await trx.raw(breaks[name] as string);
          broken = ((await trx.raw(sql)) as { rows: unknown[] }).rows;
          throw new Error("undone");
        })
        .catch((error: unknown) => (error as Error).message);
      expect(undone).to.equal("undone");
      expect(broken.length).to.be.greaterThan(0);
    });
  }

  it("It has all states, moves, early departures, closures, long stays and returning guests", async () => {
    const counts = await owner.raw(
      `SELECT (SELECT count(DISTINCT status) FROM pms.bookings) AS states,
         (SELECT count(*) FROM (SELECT FROM pms.occupancies WHERE booking_id IS NOT NULL
           GROUP BY booking_id HAVING count(*) > 1) m) AS moves,
         (SELECT count(*) FROM pms.booking_nights WHERE released = 'check_out') AS given_back,
         (SELECT count(*) FROM pms.occupancies WHERE reason IS NOT NULL) AS closures,
         (SELECT count(*) FROM pms.occupancies WHERE departure - arrival > 31) AS long_stays,
         (SELECT count(*) FROM pms.bookings) - (SELECT count(*) FROM pms.guests) AS returns`,
    );
    const [row] = counts.rows as Record<string, string>[];
    expect(row?.["states"]).to.equal("5");
    for (const [name, count] of Object.entries(row ?? {})) expect(Number(count), name).to.be.greaterThan(4);
  });

  it("In the weeks around the day, 60 to 80 of 100 rooms are taken", async () => {
    const taken = await valueOf(
      `SELECT avg(taken)::float FROM generate_series(date '${day}' - 14, date '${day}' + 14, interval '1 day') AS night,
         LATERAL (SELECT count(*) AS taken FROM pms.occupancies o JOIN identity.hotels h USING (hotel_id)
           WHERE h.name = 'Seed hotel 1' AND o.arrival <= night AND o.departure > night) AS t`,
    );
    expect(taken).to.be.within(60, 80);
  });

  it("It has common names and rare ones", async () => {
    const { rows } = (await owner.raw(
      "SELECT count(*)::int AS guests FROM pms.guests GROUP BY split_part(name, ' ', 2) ORDER BY 1 DESC",
    )) as { rows: { guests: number }[] };
    expect(rows[0]?.guests).to.be.greaterThan(500);
    expect(rows.filter(({ guests }) => guests < 4).length).to.be.greaterThan(200);
  });

  it("It leaves indexes, constraints and row-level security unchanged", async () => {
    expect(await shapeOf(owner)).to.deep.equal(bare);
  });

  it("The managers get a known password", async () => {
    const hash = await valueOf(`SELECT password_hash FROM identity.users WHERE username = '${grandManager}'`);
    expect(await verify(hash as string, seedPassword)).to.equal(true);
  });

  it("It makes the same rows again for the same day", async () => {
    const again = await createTestDatabase();
    const other = openPool({ url: again.url, max: 1, name: "seed test" });
    try {
      await seed({ url: again.url, scale, day, say: () => undefined });
      expect(await contentOf(other)).to.deep.equal(await contentOf(owner));
    } finally {
      await other.destroy();
      await again.drop();
    }
  });

  it("It leaves a seeded database unchanged, and refuses one with another scale", async () => {
    const said: string[] = [];
    const say = (line: string): void => void said.push(line);
    expect(await seed({ url: database.url, scale, day: "2027-01-01", say })).to.equal(undefined);
    expect(said.join()).to.include(`A seed of scale ${scale}, as of ${day}`);
    const refused = await seed({ url: database.url, scale: 0.01, day, say }).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(Error);
  });
});
