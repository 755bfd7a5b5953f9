/** Finds the customer of Stripe's that pays for a hotel: for sessions on Stripe's pages. */
import type { Trx } from "../../../core/mod.ts";
import type { BillingContext } from "../context.ts";
import { countingPeriods, readFacts } from "../entitlement/recompute.ts";

export interface Payer {
  /** Of Stripe's; undefined where the hotel has none that its manager may be sent to. */
  readonly customer: string | undefined;
  /** Why there is no customer. */
  readonly lacks?: Lack;
  readonly subscriptions: readonly Subscription[];
}

/**
 * - `unsubscribed`: the hotel has never subscribed, as far as events tell
 * - `shared`: its subscriptions have ended, and the customer that paid for them pays for another hotel
 * - `deleted`: the customer was deleted at Stripe
 * - `untold`: no event has told the customer of its subscription yet
 */
export type Lack = "unsubscribed" | "shared" | "deleted" | "untold";

export interface Subscription {
  readonly subscription_id: string;
  readonly customer_id: string | null;
  /** Null where no event has shown the subscription's state yet. */
  readonly ended: boolean | null;
  /** Until when its invoices pay; null where none counts. */
  readonly paid_until: Date | null;
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
  const refused = await ctx.db.crossTenant((trx) => readRefused(trx, hotelId, candidates), { readOnly: true });
  const customer = candidates.find((id) => !refused.has(id));
  if (customer !== undefined) return { customer, subscriptions };
  const reasons = new Set(named.map((id) => refused.get(id)));
  const reason = reasons.has("shared") ? "shared" : reasons.has("deleted") ? "deleted" : "untold";
  return { customer, subscriptions, lacks: subscriptions.length === 0 ? "unsubscribed" : reason };
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
 * @returns why, by customer
 */
async function readRefused(trx: Trx, hotelId: string, customers: string[]): Promise<Map<string, "shared" | "deleted">> {
  if (customers.length === 0) return new Map();
  const { rows } = (await trx.raw(
    `SELECT customer_id, 'deleted' AS reason FROM billing.customers WHERE customer_id = ANY(?) AND deleted
     UNION ALL
     SELECT customer_id, 'shared' FROM billing.subscriptions WHERE customer_id = ANY(?)
     GROUP BY customer_id
     HAVING NOT bool_or(hotel_id = ?) OR (bool_or(ended IS NOT TRUE) AND NOT bool_or(hotel_id = ? AND ended IS NOT TRUE))`,
    [customers, customers, hotelId, hotelId],
  )) as { rows: { customer_id: string; reason: "shared" | "deleted" }[] };
  return new Map(rows.map(({ customer_id, reason }) => [customer_id, reason]));
}
