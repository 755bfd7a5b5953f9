import { expect } from "chai";

import { signUpHotel, startTestPlatform, type TestHotel, type TestPlatform } from "../../testing/platform.ts";
import { loginRole, urlAs } from "./role_names.ts";
import { testSecret } from "../../testing/postgres.ts";
import { databaseFor, runTransaction, sqlStateOf } from "./database.ts";
import { openPool } from "./pool.ts";
import { prepare } from "./prepared_statement.ts";
import { afterCommit, noTenant } from "./transaction.ts";

describe("A transaction", () => {
  let platform: TestPlatform;
  let pool: ReturnType<typeof openPool>;
  let hotels: readonly [TestHotel, TestHotel];
  before(async () => {
    platform = await startTestPlatform({ worker: false });
    hotels = [await signUpHotel(platform.client), await signUpHotel(platform.client)];
    pool = openPool({ url: urlAs(platform.databaseUrl, loginRole, testSecret), max: 1, name: "test transaction" });
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

  it("It sees only its own tenant's rows, a thousand times in turn on one connection", async () => {
    const identity = databaseFor(pool, "identity", true);
    for (let round = 0; round < 1000; round += 1) {
      const hotel = hotels[round % 2] as TestHotel;
      const rows = (await identity.tenant(hotel.hotelId, (trx) => trx("identity.users").distinct("hotel_id"))) as {
        hotel_id: string;
      }[];
      expect(rows).to.deep.equal([{ hotel_id: hotel.hotelId }]);
    }
  });

  it("It sees no row if no tenant is set", async () => {
    const rows = await runTransaction(pool, { role: "keyrack_identity" }, (trx) =>
      trx("identity.users").select("user_id"),
    );
    expect(rows).to.deep.equal([]);
  });

  it("It refuses the nil UUID, which means no tenant, as a tenant", async () => {
    const nil = databaseFor(pool, "identity", true).tenant(noTenant, (trx) => trx.raw("SELECT 1"));
    expect(await nil.catch((error: Error) => error.message)).to.equal(
      "A tenant's id must be a UUID, and not the nil UUID.",
    );
    const bytes = Buffer.alloc(48).toString("base64url");
    const { status } = await platform.client.post("/auth/token", { grant_type: "refresh_token", refresh_token: bytes });
    expect(status).to.equal(401);
  });

  it("It can't write another tenant's row", async () => {
    const [ours, theirs] = hotels;
    const identity = databaseFor(pool, "identity", true);
    const moved = identity.tenant(ours.hotelId, (trx) => trx("identity.users").update({ hotel_id: theirs.hotelId }));
    expect(await stateOf(moved)).to.equal("42501");
    const touched = await identity.tenant(ours.hotelId, (trx) =>
      trx("identity.users").where({ hotel_id: theirs.hotelId }).update({ active: false }),
    );
    expect(touched).to.equal(0);
  });

  it("It leaves neither its role nor its tenant on the connection", async () => {
    await databaseFor(pool, "identity", true).tenant(hotels[0].hotelId, (trx) => trx.raw("SELECT 1"));
    const { rows } = (await pool.raw(
      "SELECT current_user AS role, current_setting('keyrack.tenant_id', true) AS core_setting",
    )) as {
      rows: { role: string; core_setting: string | null }[];
    };
    expect(rows[0]).to.deep.equal({ role: loginRole, core_setting: "" });
  });

  it("It can use the tables and columns that its plugin's manifest names, and no others", async () => {
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
      /^The plugin pms was refused: .*permission denied for table users.*permissions\.tables .*pms\/manifest\.ts/,
    );
    expect(() => pms.crossTenant((trx) => trx.raw("SELECT 1"))).to.throw(
      /permissions\.crossTenant in plugins\/pms\/manifest\.ts/,
    );
  });

  it("It runs again when PostgreSQL says that a retry can succeed", async () => {
    await platform.owner.raw(`CREATE FUNCTION public.collide() RETURNS void LANGUAGE plpgsql
      AS $$ BEGIN RAISE serialization_failure; END $$`);
    let runs = 0;
    const result = await runTransaction(pool, { role: "keyrack_core" }, async (trx) => {
      runs += 1;
      if (runs < 3) await trx.raw("SELECT public.collide()");
      return runs;
    });
    expect(result).to.equal(3);
    // It also runs again if only the refusal of a later statement shows the cause.
    const collide = prepare("test_collide", "SELECT public.collide()");
    let hidden = 0;
    await runTransaction(pool, { role: "keyrack_core" }, async (trx) => {
      hidden += 1;
      if (hidden < 3) await collide.run(trx, []).catch(() => undefined);
      await trx.raw("SELECT 1");
    });
    expect(hidden).to.equal(3);
  });

  it("It fails with the error of a statement that it sent without waiting, and changes nothing", async () => {
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

  it("It runs once and throws the statement's own error, not an error of the refused later statements", async () => {
    const one = prepare("test_one", "SELECT 1");
    const divide = prepare("test_divide", "SELECT 1 / 0");
    type Work = Parameters<typeof runTransaction<unknown>>[2];
    const works: Record<string, Work> = {
      // Knex's rejection comes some ticks after the rejection of the prepared statement that follows it.
      "sent together": (trx) => Promise.all([trx.raw("SELECT 1 / 0"), one.run(trx, [])]),
      "after its error was caught": async (trx) => {
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
      const failed = runTransaction(pool, { role: "keyrack_identity" }, (trx) => {
        runs += 1;
        return work(trx);
      });
      expect(await stateOf(failed), title).to.equal("22012");
      expect(runs, title).to.equal(1);
    }
  });

  it("It calls its listener once, after the commit, and never after a rollback", async () => {
    let calls = 0;
    const listener = (): void => {
      calls += 1;
    };
    const work = (fails: boolean) =>
      runTransaction(pool, { role: "keyrack_core" }, async (trx) => {
        afterCommit(trx, listener);
        afterCommit(trx, listener);
        await trx.raw("SELECT 1");
        expect(calls).to.equal(0);
        if (fails) throw new Error("on demand");
      });
    await work(true).catch(() => undefined);
    expect(calls).to.equal(0);
    await work(false);
    expect(calls).to.equal(1);
  });

  it("Its tables all have the tenant first in their keys, and forced row-level security", async () => {
    const { rows } = (await platform.owner.raw(`
      SELECT n.nspname || '.' || c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS isolated,
        -- If it can be null (an inbox, whose rows have no tenant yet), the table has its policy but other keys.
        NOT a.attnotnull OR (SELECT bool_and(pg_get_constraintdef(k.oid) ~ '^(PRIMARY KEY|FOREIGN KEY) \\(hotel_id')
         FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'f')) AS keyed
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'hotel_id' AND NOT a.attisdropped
      WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')`)) as {
      rows: { name: string; isolated: boolean; keyed: boolean }[];
    };
    expect(rows.length).to.be.greaterThan(9);
    expect(rows.filter((table) => !table.isolated || !table.keyed)).to.deep.equal([]);
  });
});
