/** Finds the customer of Stripe's that pays for a hotel: for sessions on Stripe's pages. */
import type { Trx } from "../../core/mod.ts";
import type { BillingContext } from "./context.ts";

export interface Payer {
  /** Of Stripe's; undefined before the first checkout. */
  readonly customer: string | undefined;
  readonly subscriptions: readonly Subscription[];
}

interface Subscription {
  readonly subscription_id: string;
  readonly customer_id: string | null;
  /** Null where no event has shown the subscription's state yet. */
  readonly ended: boolean | null;
}

/**
 * Reads a hotel's subscriptions and its customer. One customer can pay for several hotels, so a customer of the hotel's own
 * subscriptions comes first: of one that still pays, then of one whose state is not known, then of one that has ended.
 */
export async function readPayer(ctx: BillingContext, hotelId: string): Promise<Payer> {
  const { subscriptions, tied } = await ctx.db.tenant(hotelId, (trx) => readOwn(trx, hotelId), { readOnly: true });
  const named = [false, null, true]
    .flatMap((state) => subscriptions.filter(({ ended }) => ended === state))
    .map(({ customer_id }) => customer_id)
    .filter((id) => id !== null);
  const candidates = [...new Set([...named, ...tied])];
  if (candidates.length === 0) return { customer: undefined, subscriptions };
  const refused = await ctx.db.platform((trx) => readRefused(trx, hotelId, candidates), { readOnly: true });
  return { customer: candidates.find((id) => !refused.has(id)), subscriptions };
}

async function readOwn(trx: Trx, hotelId: string) {
  const subscriptions = await trx("billing.subscriptions")
    .where({ hotel_id: hotelId })
    .orderBy("subscription_id")
    .select<Subscription[]>("subscription_id", "customer_id", "ended");
  const tied = await trx("billing.customers")
    .where({ hotel_id: hotelId, deleted: false })
    .orderBy("customer_id")
    .pluck<string[]>("customer_id");
  return { subscriptions, tied };
}

/**
 * Of these customers, those that the hotel's manager must not be sent to: they are deleted, or they have subscriptions and
 * none of them is this hotel's, or they still pay for another hotel and no longer for this one. Reads across tenants,
 * because a customer is kept with one hotel and may pay for others.
 */
async function readRefused(trx: Trx, hotelId: string, customers: string[]): Promise<Set<string>> {
  const { rows } = (await trx.raw(
    `SELECT customer_id FROM billing.customers WHERE customer_id = ANY(?) AND deleted
     UNION ALL
     SELECT customer_id FROM billing.subscriptions WHERE customer_id = ANY(?)
     GROUP BY customer_id
     HAVING NOT bool_or(hotel_id = ?) OR (bool_or(ended IS NOT TRUE) AND NOT bool_or(hotel_id = ? AND ended IS NOT TRUE))`,
    [customers, customers, hotelId, hotelId],
  )) as { rows: { customer_id: string }[] };
  return new Set(rows.map(({ customer_id }) => customer_id));
}
