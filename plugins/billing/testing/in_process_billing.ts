/** Applies events without a server, a queue or a commit: thousands of histories in the time of a few. */
import type { Knex } from "knex";

import { databaseFor, runTransaction, crossTenantRoleOf, type Trx } from "../../../core/db/database.ts";
import { openPool } from "../../../core/db/pool.ts";
import { newId } from "../../../core/values/ids.ts";
import { createLogger } from "../../../core/process/log.ts";
import { loginRole, urlAs } from "../../../core/db/role_names.ts";
import { createTestDatabase, testSecret } from "#testing/mod.ts";
import { applyEvent } from "../apply/apply_stripe_event.ts";
import type { BillingContext } from "../context.ts";
import { ledgerTables } from "../entitlement/ledger_tables.ts";
import { readSubscription } from "../entitlement/subscription_view.ts";
import type { TestEvent } from "./deliveries.ts";

export const graceDays = 3;

/** The result of a history. */
export interface Outcome {
  /** The subscription view of each of the lane's hotels. */
  readonly views: readonly Awaited<ReturnType<typeof readSubscription>>[];
  /** All rows of facts, the outcome of every event, and the hotels' `valid_to`, as PostgreSQL writes them. */
  readonly rows: readonly string[];
}

/** Two hotels, and their own connection to run histories on. */
export interface Lane {
  readonly hotelIds: readonly [string, string];
  /** Sets the end of both hotels' trials. */
  setTrial(end: Date): Promise<void>;
  /**
   * Applies the events in the given order, applies waiting events again, reads the result, and rolls everything back.
   * @param withoutInvoice indexes of events for whose invoice Stripe was asked too early
   */
  play(
    events: readonly TestEvent[],
    order: readonly number[],
    withoutInvoice: ReadonlySet<number>,
    now: Date,
  ): Promise<Outcome>;
}

export interface InProcessBilling {
  readonly lanes: readonly Lane[];
  close(): Promise<void>;
}

/** @param count of lanes, which may be used at the same time */
export async function startInProcessBilling(count: number): Promise<InProcessBilling> {
  const database = await createTestDatabase();
  const owner = openPool({ url: database.url, max: 1, name: "test owner" });
  const knex = openPool({ url: urlAs(database.url, loginRole, testSecret), max: count, name: "test billing" });
  const lanes: Lane[] = [];
  for (let lane = 0; lane < count; lane += 1) lanes.push(await openLane(owner, knex));
  return {
    lanes,
    close: async () => {
      await knex.destroy();
      await owner.destroy();
      await database.drop();
    },
  };
}

/** Inserts hotels that only billing's tables use. */
export async function insertHotels(owner: Knex, hotelIds: readonly string[]): Promise<void> {
  await owner("identity.hotels").insert(
    hotelIds.map((hotel_id) => ({
      hotel_id,
      name: "Test hotel",
      time_zone: "Europe/Berlin",
      currency: "EUR",
      trial_ends_at: new Date(),
      valid_to: new Date(),
      business_date: "2026-01-01",
    })),
  );
}

async function openLane(owner: Knex, knex: Knex): Promise<Lane> {
  const hotelIds = [newId(), newId()] as const;
  await insertHotels(owner, hotelIds);
  const ctx = {
    id: "billing",
    env: { GRACE_DAYS: graceDays },
    db: databaseFor(knex, "billing", true),
    log: createLogger("silent"),
    // The effects are rolled back, so no desk has anything to read again.
    announce: () => undefined,
  } as unknown as BillingContext; // `applyEvent` uses no other part of it.

  const play: Lane["play"] = async (events, order, withoutInvoice, now) => {
    let outcome: Outcome | undefined;
    const undo = new Error("Undone.");
    await runTransaction(knex, { role: crossTenantRoleOf("billing") }, async (trx) => {
      await insertEvents(trx, events, withoutInvoice);
      const waiting: string[] = [];
      const apply = async (eventId: string) =>
        waiting.push(...(await applyEvent(ctx, trx, eventId, "live")).waitingEventIds);
      for (const index of order) await apply(events[index]?.id ?? "");
      // A waiting event can make other waiting events applicable. That this ends is part of the test.
      for (let turn = 0; waiting.length > 0; turn += 1) {
        if (turn > 10_000) throw new Error("Events re-enqueue each other without end.");
        await apply(waiting.shift() ?? "");
      }
      const views = [];
      for (const hotelId of hotelIds) views.push(await readSubscription(trx, hotelId, graceDays, now));
      outcome = { views, rows: await allRows(trx, hotelIds) };
      throw undo;
    }).catch((error: unknown) => {
      if (error !== undo) throw error;
    });
    return outcome as unknown as Outcome;
  };

  return {
    hotelIds,
    setTrial: async (end) => {
      const row = { trial_ends_at: end, valid_to: end, subscription_valid: end > new Date() };
      await owner("identity.hotels").whereIn("hotel_id", hotelIds).update(row);
    },
    play,
  };
}

async function insertEvents(
  trx: Trx,
  events: readonly TestEvent[],
  withoutInvoice: ReadonlySet<number>,
): Promise<void> {
  if (events.length === 0) return;
  await trx.raw(
    `INSERT INTO billing.stripe_events (event_id, type, livemode, body, fetched)
     SELECT id, type, livemode, body, nullif(fetched, '')
     FROM unnest(?::text[], ?::text[], ?::boolean[], ?::text[], ?::text[]) AS e (id, type, livemode, body, fetched)`,
    [
      events.map(({ id }) => id),
      events.map(({ type }) => type),
      events.map(() => false),
      events.map((event) => JSON.stringify(event)),
      events.map(({ type }, index) => (withoutInvoice.has(index) && isOfPayment(type) ? '{"links":[]}' : "")),
    ],
  );
}

/** Whether Stripe is asked for the invoice of an event of this type, if no other event links it. */
const isOfPayment = (type: string): boolean => /^(refund|charge|invoice_payment)\./.test(type);

/** Reads all rows, without the hotel that an event was applied for at its time. A later event can move its facts. */
async function allRows(trx: Trx, hotelIds: readonly string[]): Promise<string[]> {
  const tables = ledgerTables.map((table) => `SELECT '${table} ' || t::text AS row FROM ${table} t`);
  const events = `SELECT 'event ' || (event_id, status, status_reason, customer_id, subscription_id)::text
    FROM billing.stripe_events`;
  const hotel = `SELECT 'hotel ' || (hotel_id, valid_to, subscription_valid)::text FROM identity.hotels
    WHERE hotel_id = ANY(?)`;
  const { rows } = (await trx.raw(`${[...tables, events, hotel].join(" UNION ALL ")} ORDER BY 1`, [[...hotelIds]])) as {
    rows: { row: string }[];
  };
  return rows.map(({ row }) => row);
}
