import { expect } from "chai";
import type { Knex } from "knex";

import { openPool } from "../../core/db/pool.ts";
import { newId } from "../../core/values/ids.ts";
import { createTestDatabase, type TestDatabase } from "#testing/mod.ts";
import { insertHotels } from "./testing/in_process_billing.ts";
import { up as eventsAndLedger } from "./migrations/0001_events_and_ledger.ts";
import { up as reversalsAndStates } from "./migrations/0002_reversals_and_states.ts";
import { up as reconciledEvents } from "./migrations/0003_reconciled_events.ts";
import { up as unappliedIndex } from "./migrations/0004_unapplied_index.ts";
import { up as namedOwners } from "./migrations/0005_named_owners.ts";
import { up as endedAt } from "./migrations/0006_ended_at.ts";
import { up as ignoredIndex } from "./migrations/0007_ignored_index.ts";
import { up as reopenNoInvoice } from "./migrations/0008_reopen_no_invoice.ts";

describe("billing's migrations", function () {
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

  const lines = async (sql: string): Promise<string[]> => {
    const { rows } = (await owner.raw(`${sql} ORDER BY 1`)) as { rows: { line: string }[] };
    return rows.map(({ line }) => line);
  };
  const tables = "'billing'::regnamespace AND relkind = 'r' AND relname NOT LIKE 'migrations%'";
  const catalogue = async () => [
    ...(await lines(`SELECT concat_ws(' ', relname, attname, atttypid::regtype, attnotnull, pg_get_expr(adbin, adrelid))
      AS line FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = attnum WHERE relnamespace = ${tables}`)),
    ...(await lines(`SELECT relname || ' ' || pg_get_constraintdef(k.oid) AS line
      FROM pg_class c JOIN pg_constraint k ON k.conrelid = c.oid WHERE relnamespace = ${tables}`)),
    ...(await lines(`SELECT concat_ws(' ', tablename, policyname, cmd, roles, qual, with_check) AS line
      FROM pg_policies WHERE schemaname = 'billing'`)),
    ...(await lines(
      "SELECT indexdef AS line FROM pg_indexes WHERE schemaname = 'billing' AND tablename NOT LIKE 'mig%'",
    )),
  ];

  it("The migrations turn the first version's tables, with events in them, into those of a new database", async () => {
    const fresh = await catalogue();
    expect(fresh).to.have.length.greaterThan(60);
    await owner.transaction(async (trx) => {
      await trx.raw("DROP SCHEMA billing CASCADE; CREATE SCHEMA billing");
      await eventsAndLedger(trx);
      await trx("billing.stripe_events").insert([
        { event_id: "evt_1", type: "invoice.paid", body: "{}", status: "waiting", customer_id: "cus_1" },
        { event_id: "evt_2", type: "invoice.paid", body: "{}", status: "applied", customer_id: "cus_1" },
      ]);
    });
    await owner.transaction((trx) => reversalsAndStates(trx));
    await owner.transaction((trx) => reconciledEvents(trx));
    await owner.transaction((trx) => unappliedIndex(trx));
    const [hotel, other] = [newId(), newId()].sort() as [string, string];
    await insertHotels(owner, [hotel, other]);
    await owner.transaction(async (trx) => {
      const links = [hotel, other].map((hotel_id) => ({
        hotel_id,
        payment_id: "pi_1",
        linked_id: "in_1",
        to_invoice: true,
      }));
      for (const table of ["subscriptions", "payment_links"])
        await trx.raw(`ALTER TABLE billing.${table} NO FORCE ROW LEVEL SECURITY`);
      await trx("billing.payment_links").insert(links);
      await trx("billing.subscriptions").insert({ hotel_id: hotel, subscription_id: "sub_1", customer_id: "cus_1" });
      for (const table of ["subscriptions", "payment_links"])
        await trx.raw(`ALTER TABLE billing.${table} FORCE ROW LEVEL SECURITY`);
    });
    await owner.transaction((trx) => namedOwners(trx));
    await owner.transaction((trx) => endedAt(trx));
    await owner.transaction((trx) => ignoredIndex(trx));
    await owner("billing.stripe_events").insert({
      event_id: "evt_3",
      type: "refund.created",
      body: "{}",
      status: "ignored",
      status_reason: "no_invoice",
      fetched: '{"links":[]}',
    });
    await owner.transaction((trx) => reopenNoInvoice(trx));
    expect(await catalogue()).to.deep.equal(fresh);
    const events = await owner("billing.stripe_events").orderBy("event_id").select("waits_for", "fetched", "source");
    expect(events).to.deep.equal([
      { waits_for: ["cus_1"], fetched: null, source: "webhook" },
      { waits_for: null, fetched: null, source: "webhook" },
      { waits_for: null, fetched: null, source: "webhook" },
    ]);
    // The migration resets the events that waited because Stripe knew no invoice.
    expect(await owner("billing.stripe_events").where({ status: "stored" }).pluck("event_id")).to.deep.equal(["evt_3"]);
    // A subscription keeps its hotel until an event names another. A link that two hotels had remains with the first.
    const subscriptions = await owner("billing.subscriptions").select("hotel_id", "named_at", "named_by");
    expect(subscriptions).to.deep.equal([{ hotel_id: hotel, named_at: null, named_by: "" }]);
    expect(await owner("billing.payment_links").pluck("hotel_id")).to.deep.equal([hotel]);
  });
});
