/**
 * Whose event is it? The hotel that its metadata names; else the one that its subscription or its customer is tied to.
 * An event that says both ties them for those that say only one, and calls up those that wait for exactly that.
 */
import { prepare, type Trx } from "../../core/mod.ts";
import type { BillingContext } from "./context.ts";
import { applyStripeEvent } from "./jobs.ts";
import { type LockedHotel, lockHotel } from "./ledger.ts";
import { StripeEvent } from "./models/stripe_event.ts";

/** What an event says of its owner. */
export interface Owner {
  readonly named_hotel_id: string | undefined;
  readonly customer_id: string | undefined;
  readonly subscription_id: string | undefined;
}

interface Ties {
  readonly by_customer: string | null;
  readonly by_subscription: string | null;
}

/**
 * Finds and locks the event's hotel, and ties the event's customer and subscription to it.
 * @returns undefined where no hotel is known yet. The event may then be marked as waiting: until this transaction ends,
 * nobody else can tie its customer or subscription and so overlook it.
 */
export async function findHotel(
  ctx: BillingContext,
  trx: Trx,
  eventId: string,
  owner: Owner,
): Promise<LockedHotel | undefined> {
  let ties = await readTies(trx, owner);
  if (isUntied(owner, ties)) {
    await lockTies(trx, owner);
    ties = await readTies(trx, owner);
  }
  const hotel =
    (await lockHotel(trx, owner.named_hotel_id)) ?? (await lockHotel(trx, ties.by_subscription ?? ties.by_customer));
  if (hotel === undefined) return undefined;
  if (isUntied(owner, ties)) {
    await tie(trx, hotel.hotel_id, owner);
    await callWaiting(ctx, trx, eventId, owner);
  }
  const others = [ties.by_customer, ties.by_subscription].filter((id) => id !== null && id !== hotel.hotel_id);
  if (others.length > 0)
    ctx.log.warn(
      { event_id: eventId, hotel_id: hotel.hotel_id, others },
      "a customer of Stripe's is tied to two hotels",
    );
  return hotel;
}

const tiesStatement = prepare<Ties>(
  "billing_read_ties",
  `SELECT (SELECT hotel_id FROM billing.customers WHERE customer_id = $1) AS by_customer,
     (SELECT hotel_id FROM billing.subscriptions WHERE subscription_id = $2) AS by_subscription`,
);

async function readTies(trx: Trx, { customer_id, subscription_id }: Owner): Promise<Ties> {
  const [ties] = await tiesStatement.run(trx, [customer_id ?? null, subscription_id ?? null]);
  return ties as Ties;
}

function isUntied(owner: Owner, ties: Ties): boolean {
  return (
    (owner.customer_id !== undefined && ties.by_customer === null) ||
    (owner.subscription_id !== undefined && ties.by_subscription === null)
  );
}

/**
 * Who ties an id and who waits for it take turns. There is no row to lock for what is not tied yet, so the id itself is
 * locked; always in the same order, and always before the hotel's row.
 */
async function lockTies(trx: Trx, { customer_id, subscription_id }: Owner): Promise<void> {
  const ids = [customer_id, subscription_id].filter((id) => id !== undefined).sort();
  for (const id of ids) await trx.raw("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", [`billing.tie ${id}`]);
}

/** The first tie stands: a customer that pays for two hotels is told apart by the metadata, not by its last event. */
async function tie(trx: Trx, hotelId: string, { customer_id, subscription_id }: Owner): Promise<void> {
  if (customer_id !== undefined)
    await trx("billing.customers").insert({ hotel_id: hotelId, customer_id }).onConflict("customer_id").ignore();
  if (subscription_id !== undefined)
    await trx("billing.subscriptions")
      .insert({ hotel_id: hotelId, subscription_id })
      .onConflict("subscription_id")
      .ignore();
}

async function callWaiting(ctx: BillingContext, trx: Trx, eventId: string, owner: Owner): Promise<void> {
  const waiting = await StripeEvent.query(trx)
    .select("event_id")
    .where({ status: "waiting" })
    .whereNot({ event_id: eventId })
    .whereRaw("(customer_id = ?::text OR subscription_id = ?::text)", [
      owner.customer_id ?? null,
      owner.subscription_id ?? null,
    ]);
  for (const { event_id } of waiting) await ctx.enqueue(trx, applyStripeEvent, { event_id });
}
