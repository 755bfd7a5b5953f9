/**
 * Reads a subscription of Stripe's, and the objects that link it to a hotel.
 *
 *     value                       before 2025-03-31       "basil" (2025-03-31) and later
 *     the end of its period       current_period_end      items.data[].current_period_end
 */
import * as z from "zod";

import {
  hotelIn,
  metadataSchema,
  optionalInstant,
  referenceSchema,
  secondsSchema,
  stripeIdSchema,
} from "./stripe_event.ts";
import type { Owner, SubscriptionFact } from "./event_facts.ts";

const subscriptionSchema = z.object({
  id: stripeIdSchema,
  status: z.string().max(100),
  customer: referenceSchema,
  metadata: metadataSchema,
  current_period_end: secondsSchema.nullish(),
  items: z.object({ data: z.array(z.object({ current_period_end: secondsSchema.nullish() })).nullish() }).nullish(),
  cancel_at_period_end: z.boolean().nullish(),
  cancel_at: secondsSchema.nullish(),
  ended_at: secondsSchema.nullish(),
});

/** Final statuses. */
const finalStatuses = ["incomplete_expired", "canceled"];
/** Whether the status is final. */
export const hasEnded = (status: string): boolean => finalStatuses.includes(status);
/** In the order in which a subscription goes through them. It decides between events of the same second. */
const ranks = ["incomplete", "trialing", "active", "past_due", "unpaid", "paused", ...finalStatuses];

/** @throws ZodError if the object is not a subscription */
export function readSubscriptionObject(object: unknown): { readonly owner: Owner; readonly fact: SubscriptionFact } {
  const subscription = subscriptionSchema.parse(object);
  const { status, items, cancel_at, cancel_at_period_end } = subscription;
  const ends = [subscription.current_period_end, ...(items?.data ?? []).map((item) => item.current_period_end)];
  const periodEnd = ends.reduce<number | undefined>(
    (last, end) => (typeof end === "number" && (last === undefined || end > last) ? end : last),
    undefined,
  );
  return {
    owner: {
      named_hotel_id: hotelIn(subscription.metadata),
      customer_id: subscription.customer ?? undefined,
      subscription_id: subscription.id,
    },
    fact: {
      status,
      ended: hasEnded(status),
      ended_at: hasEnded(status) ? optionalInstant(subscription.ended_at) : undefined,
      current_period_end: optionalInstant(periodEnd),
      cancel_at: optionalInstant(cancel_at ?? (cancel_at_period_end === true ? periodEnd : undefined)),
      rank: ranks.indexOf(status),
    },
  };
}

const checkoutSchema = z.object({
  id: stripeIdSchema,
  created: secondsSchema.nullish(),
  mode: z.string().nullish(),
  customer: referenceSchema,
  subscription: referenceSchema,
  client_reference_id: z.string().nullish(),
  metadata: metadataSchema,
});

/**
 * Reads a checkout session. It names the hotel that `POST /billing/checkout` created it for.
 * @returns undefined if the session was not for a subscription
 * @throws ZodError if the object is not a checkout session
 */
export function readCheckoutSession(object: unknown): Owner | undefined {
  const session = checkoutSchema.parse(object);
  if (typeof session.subscription !== "string") return undefined;
  return {
    named_hotel_id: hotelIn(session.metadata) ?? hotelIn({ hotel_id: session.client_reference_id }),
    named_at: optionalInstant(session.created),
    customer_id: session.customer ?? undefined,
    subscription_id: session.subscription,
  };
}

/** Reads a customer. @throws ZodError if the object is not a customer */
export function readCustomer(object: unknown): Owner {
  const { id, metadata } = z.object({ id: stripeIdSchema, metadata: metadataSchema }).parse(object);
  return { named_hotel_id: hotelIn(metadata), customer_id: id, subscription_id: undefined };
}
