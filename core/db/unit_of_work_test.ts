import { expect } from "chai";

import { signUpHotel, startTestPlatform, type TestHotel, type TestPlatform } from "../../testing/platform.ts";
import { gateRole, urlAs } from "./role_names.ts";
import { testSecret } from "../../testing/postgres.ts";
import { databaseFor, openUnit, sqlStateOf } from "./database.ts";
import { openPool } from "./pool.ts";
import { prepare } from "./prepared_statement.ts";
import { afterCommit, nobody } from "./unit.ts";

describe("a unit of work", () => {
  let platform: TestPlatform;
  let pool: ReturnType<typeof openPool>;
  let hotels: readonly [TestHotel, TestHotel];
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    hotels = [await signUpHotel(platform.client), await signUpHotel(platform.client)];
    pool = openPool({ url: urlAs(platform.databaseUrl, gateRole, testSecret), max: 1, name: "test unit" });
  });
  after(async () => {
    await pool.destroy();
    await platform.close();
  });

  const stateOf = (work: Promise<unknown>): Promise<string | undefined> =>
    work.then(
      () => undefined,
      (error: unknown) => sqlStateOf(error),
    );

  it("sees its own tenant's rows alone, a thousand times in turn on one connection", async () => {
    const identity = databaseFor(pool, "identity", true);
    for (let round = 0; round < 1000; round += 1) {
      const hotel = hotels[round % 2] as TestHotel;
      const rows = (await identity.tenant(hotel.hotelId, (trx) => trx("identity.users").distinct("hotel_id"))) as {
        hotel_id: string;
      }[];
      expect(rows).to.deep.equal([{ hotel_id: hotel.hotelId }]);
    }
  });

  it("sees no row where no tenant is set", async () => {
    const rows = await openUnit(pool, { role: "keyrack_identity" }, (trx) => trx("identity.users").select("user_id"));
    expect(rows).to.deep.equal([]);
  });

  it("is refused the nil UUID, which stands for no tenant, as a tenant", async () => {
    const nil = databaseFor(pool, "identity", true).tenant(nobody, (trx) => trx.raw("SELECT 1"));
    expect(await nil.catch((error: Error) => error.message)).to.equal("A tenant is named by a UUID.");
    const bytes = Buffer.alloc(48).toString("base64url");
    const { status } = await platform.client.post("/auth/token", { grant_type: "refresh_token", refresh_token: bytes });
    expect(status).to.equal(401);
  });

  it("can't write another tenant's row", async () => {
    const [ours, theirs] = hotels;
    const identity = databaseFor(pool, "identity", true);
    const moved = identity.tenant(ours.hotelId, (trx) => trx("identity.users").update({ hotel_id: theirs.hotelId }));
    expect(await stateOf(moved)).to.equal("42501");
    const touched = await identity.tenant(ours.hotelId, (trx) =>
      trx("identity.users").where({ hotel_id: theirs.hotelId }).update({ active: false }),
    );
    expect(touched).to.equal(0);
  });

  it("leaves nothing of its role and tenant on the connection", async () => {
    await databaseFor(pool, "identity", true).tenant(hotels[0].hotelId, (trx) => trx.raw("SELECT 1"));
    const { rows } = (await pool.raw(
      "SELECT current_user AS role, core_setting FROM (SELECT current_setting('keyrack.tenant_id', true) AS core_setting) s",
    )) as {
      rows: { role: string; core_setting: string | null }[];
    };
    expect(rows[0]).to.deep.equal({ role: gateRole, core_setting: "" });
  });

  it("may touch what its plugin's manifest names, down to the column", async () => {
    const pms = databaseFor(pool, "pms", false);
    const [hotel] = hotels;
    expect(await stateOf(pms.tenant(hotel.hotelId, (trx) => trx("identity.hotels").select("time_zone")))).to.equal(
      undefined,
    );
    expect(await stateOf(pms.tenant(hotel.hotelId, (trx) => trx("identity.hotels").select("name")))).to.equal("42501");
    expect(await stateOf(pms.tenant(hotel.hotelId, (trx) => trx("identity.users").select("user_id")))).to.equal(
      "42501",
    );
    expect(await stateOf(pms.tenant(hotel.hotelId, (trx) => trx.raw("CREATE TABLE pms.mine (a int)")))).to.equal(
      "42501",
    );
    const denial = await pms
      .tenant(hotel.hotelId, (trx) => trx("identity.users").select("user_id"))
      .catch((error: Error) => error.message);
    expect(denial).to.match(
      /^The plugin pms was refused: .*permission denied for table users.*permissions\.tables of plugins\/pms\/manifest\.ts/,
    );
    expect(() => pms.crossTenant((trx) => trx.raw("SELECT 1"))).to.throw(
      /permissions\.crossTenant in plugins\/pms\/manifest\.ts/,
    );
  });

  it("is done again when PostgreSQL says that a retry would succeed", async () => {
    await platform.owner.raw(`CREATE FUNCTION public.collide() RETURNS void LANGUAGE plpgsql
      AS $$ BEGIN RAISE serialization_failure; END $$`);
    let runs = 0;
    const result = await openUnit(pool, { role: "keyrack_core" }, async (trx) => {
      runs += 1;
      if (runs < 3) await trx.raw("SELECT public.collide()");
      return runs;
    });
    expect(result).to.equal(3);
    // Also where only the refusal of a later statement shows it.
    const collide = prepare("test_collide", "SELECT public.collide()");
    let hidden = 0;
    await openUnit(pool, { role: "keyrack_core" }, async (trx) => {
      hidden += 1;
      if (hidden < 3) await collide.run(trx, []).catch(() => undefined);
      await trx.raw("SELECT 1");
    });
    expect(hidden).to.equal(3);
  });

  it("fails with the error of a statement that it sent and did not wait for, and leaves nothing, also where it only reads", async () => {
    const [{ hotelId }] = hotels;
    const broken = prepare("test_broken", "SELECT 1 / $1::int");
    const rename = prepare("test_rename", "UPDATE identity.hotels SET name = $1");
    const identity = databaseFor(pool, "identity", true);
    const written = identity.tenant(hotelId, (trx) => {
      rename.send(trx, ["Renamed"]);
      broken.send(trx, [0]);
      return Promise.resolve();
    });
    expect(await stateOf(written)).to.equal("22012");
    const { rows } = (await platform.owner.raw("SELECT name FROM identity.hotels WHERE hotel_id = ?", [hotelId])) as {
      rows: { name: string }[];
    };
    expect(rows[0]?.name).to.equal("Test hotel");
    const read = identity.tenant(hotelId, (trx) => Promise.resolve(broken.send(trx, [0])), { readOnly: true });
    expect(await stateOf(read)).to.equal("22012");
  });

  it("runs once and throws the statement's own error, not that of the statements that PostgreSQL refused after it", async () => {
    const one = prepare("test_one", "SELECT 1");
    const divide = prepare("test_divide", "SELECT 1 / 0");
    type Work = Parameters<typeof openUnit<unknown>>[2];
    const works: Record<string, Work> = {
      // Knex's rejection comes some ticks later than that of the prepared statement behind it.
      "sent together": (trx) => Promise.all([trx.raw("SELECT 1 / 0"), one.run(trx, [])]),
      "after its error was swallowed": async (trx) => {
        await divide.run(trx, []).catch(() => undefined);
        await trx.raw("SELECT 1");
      },
      "of a query builder": async (trx) => {
        await trx("identity.users")
          .whereRaw("1 / 0 = 1")
          .catch(() => undefined);
        await one.run(trx, []);
      },
    };
    for (const [title, work] of Object.entries(works)) {
      let runs = 0;
      const failed = openUnit(pool, { role: "keyrack_identity" }, (trx) => {
        runs += 1;
        return work(trx);
      });
      expect(await stateOf(failed), title).to.equal("22012");
      expect(runs, title).to.equal(1);
    }
  });

  it("tells once, after its commit, what it was asked to tell, and nothing where it is rolled back", async () => {
    let told = 0;
    const tell = (): void => {
      told += 1;
    };
    const work = (fails: boolean) =>
      openUnit(pool, { role: "keyrack_core" }, async (trx) => {
        afterCommit(trx, tell);
        afterCommit(trx, tell);
        await trx.raw("SELECT 1");
        expect(told).to.equal(0);
        if (fails) throw new Error("on demand");
      });
    await work(true).catch(() => undefined);
    expect(told).to.equal(0);
    await work(false);
    expect(told).to.equal(1);
  });

  it("stands on tables that all have their tenant first in their keys, and a wall that is forced", async () => {
    const { rows } = (await platform.owner.raw(`
      SELECT n.nspname || '.' || c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS walled,
        -- Where it may be null (an inbox, whose rows are nobody's yet), the table has its wall but other keys.
        NOT a.attnotnull OR (SELECT bool_and(pg_get_constraintdef(k.oid) ~ '^(PRIMARY KEY|FOREIGN KEY) \\(hotel_id')
         FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'f')) AS keyed
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'hotel_id' AND NOT a.attisdropped
      WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')`)) as {
      rows: { name: string; walled: boolean; keyed: boolean }[];
    };
    expect(rows.length).to.be.greaterThan(9);
    expect(rows.filter((table) => !table.walled || !table.keyed)).to.deep.equal([]);
  });
});
