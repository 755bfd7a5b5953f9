/** Finds the Stripe customer that pays for a hotel, for sessions on Stripe's pages. */
import type { Trx } from "../../../core/mod.ts";
import type { BillingContext } from "../context.ts";
import { countingPeriods, readFacts } from "../entitlement/recompute.ts";
import { query } from "../../../core/mod.ts";

export interface Payer {
  /** The id at Stripe. Undefined if the manager must not open the pages of any customer. */
  readonly customer: string | undefined;
  /** Why there is no customer. */
  readonly noCustomerReason?: NoCustomerReason;
  readonly subscriptions: readonly Subscription[];
}

/**
 * - `unsubscribed`: no event shows that the hotel has ever subscribed
 * - `shared`: its subscriptions have ended, and the customer that paid for them pays for another hotel
 * - `deleted`: the customer was deleted at Stripe
 * - `unknown`: no event has named the customer of its subscription yet
 */
export type NoCustomerReason = "unsubscribed" | "shared" | "deleted" | "unknown";

export interface Subscription {
  readonly subscription_id: string;
  readonly customer_id: string | null;
  /** Null if no event has shown the subscription's state yet. */
  readonly ended: boolean | null;
  /** Until when its invoices pay. Null if no invoice counts. */
  readonly paid_until: Date | null;
}

/**
 * Reads a hotel's subscriptions and its customer. One customer can pay for several hotels, so a customer of the hotel's
 * own subscriptions comes first. Among these, the order is by the state of the subscription: still open, unknown,
 * ended.
 */
export async function readPayer(ctx: BillingContext, hotelId: string): Promise<Payer> {
  const { subscriptions, linked } = await ctx.db.tenant(hotelId, (trx) => readOwn(trx, hotelId), { readOnly: true });
  const ofSubscriptions = [false, null, true]
    .flatMap((state) => subscriptions.filter(({ ended }) => ended === state))
    .map(({ customer_id }) => customer_id)
    .filter((id) => id !== null);
  const candidates = [...new Set([...ofSubscriptions, ...linked])];
  const refused = await ctx.db.crossTenant((trx) => readRefused(trx, hotelId, candidates), { readOnly: true });
  const customer = candidates.find((id) => !refused.has(id));
  if (customer !== undefined) return { customer, subscriptions };
  const reasons = new Set(ofSubscriptions.map((id) => refused.get(id)));
  const reason = reasons.has("shared") ? "shared" : reasons.has("deleted") ? "deleted" : "unknown";
  return { customer, subscriptions, noCustomerReason: subscriptions.length === 0 ? "unsubscribed" : reason };
}

async function readOwn(trx: Trx, hotelId: string) {
  const rows = await trx("billing.subscriptions")
    .where({ hotel_id: hotelId })
    .orderBy("subscription_id")
    .select<Omit<Subscription, "paid_until">[]>("subscription_id", "customer_id", "ended");
  const periods = countingPeriods(await readFacts(trx, hotelId));
  const subscriptions = rows.map((row): Subscription => {
    const ends = periods.flatMap(({ subscription_id, period_end }) =>
      subscription_id === row.subscription_id && period_end !== null ? [period_end.getTime()] : [],
    );
    return { ...row, paid_until: ends.length === 0 ? null : new Date(Math.max(...ends)) };
  });
  const linked = await trx("billing.customers")
    .where({ hotel_id: hotelId, deleted: false })
    .orderBy("customer_id")
    .pluck<string[]>("customer_id");
  return { subscriptions, linked };
}

/**
 * Finds the customers whose pages the hotel's manager must not open. Reads across tenants, because a customer is stored
 * with one hotel and may pay for others. A customer is refused if one of these is true:
 *
 * - it is deleted
 * - it has subscriptions, and none of them is this hotel's
 * - it still pays for another hotel, and no longer for this one
 *
 * @returns the reasons by customer id
 */
async function readRefused(trx: Trx, hotelId: string, customers: string[]): Promise<Map<string, "shared" | "deleted">> {
  if (customers.length === 0) return new Map();
  const rows = await query<{ customer_id: string; reason: "shared" | "deleted" }>(
    trx,
    `SELECT customer_id, 'deleted' AS reason FROM billing.customers WHERE customer_id = ANY(?) AND deleted
     UNION ALL
     SELECT customer_id, 'shared' FROM billing.subscriptions WHERE customer_id = ANY(?)
     GROUP BY customer_id
     HAVING NOT bool_or(hotel_id = ?)
       OR (bool_or(ended IS NOT TRUE) AND NOT bool_or(hotel_id = ? AND ended IS NOT TRUE))`,
    [customers, customers, hotelId, hotelId],
  );
  return new Map(rows.map(({ customer_id, reason }) => [customer_id, reason]));
}
