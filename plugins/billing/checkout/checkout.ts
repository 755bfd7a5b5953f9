/**
 * Creates sessions on Stripe's own pages: Checkout to subscribe, the Customer Portal to change the card, read invoices
 * or cancel. Keyrack sees no card. Their results arrive as events.
 */
import { createHash } from "node:crypto";
import { defined, memberOf } from "../../../core/mod.ts";
import type Stripe from "stripe";
import * as z from "zod";

import type { BillingContext } from "../context.ts";
import { billingProblems } from "../errors.ts";
import { type NoCustomerReason, readPayer, type Subscription } from "./payer.ts";
import { type StripeApi, stripeFailureOf } from "../stripe/client.ts";
import { hasEnded } from "../facts/subscription.ts";

const pageUrl = z
  .url({ protocol: /^https?$/, error: "must be an http:// or https:// URL" })
  .max(2000)
  .meta({ examples: ["https://hotel.example/billing"] });

export const checkoutBody = z.strictObject({
  success_url: pageUrl
    .optional()
    .meta({ description: "Where the browser goes after the payment. Default: `/app/billing`." }),
  cancel_url: pageUrl.optional().meta({ description: "Where the browser goes if the manager cancels." }),
});

export const portalBody = z.strictObject({
  return_url: pageUrl.optional().meta({ description: "The target of the portal's link back." }),
});

/** A request for a session. */
interface SessionRequest<Body> {
  readonly hotelId: string;
  readonly body: Body;
  /** The caller's `Idempotency-Key`. */
  readonly key: string | undefined;
}

/**
 * Creates a Checkout session in which the hotel subscribes.
 * @returns its URL
 * @throws Problem BILLING_NOT_CONFIGURED, SUBSCRIPTION_EXISTS, STRIPE_UNAVAILABLE, STRIPE_REFUSED
 */
export async function startCheckout(
  ctx: BillingContext,
  api: StripeApi | undefined,
  { hotelId, body, key }: SessionRequest<z.output<typeof checkoutBody> & { readonly success_url: string }>,
): Promise<string> {
  const price = ctx.env.STRIPE_PRICE_ID;
  if (api === undefined || price === undefined)
    throw billingProblems.BILLING_NOT_CONFIGURED("STRIPE_API_KEY and STRIPE_PRICE_ID are not both set.");
  const { customer, subscriptions } = await readPayer(ctx, hotelId);
  // The hotel would pay for two subscriptions, and `valid_to` would be no later.
  const refuse = () => {
    throw billingProblems.SUBSCRIPTION_EXISTS(
      "The hotel is subscribed. Use POST /billing/portal to change or cancel the subscription.",
    );
  };
  if (subscriptions.some(({ ended }) => ended === false)) refuse();
  const metadata = { hotel_id: hotelId };
  const request: Stripe.Checkout.SessionCreateParams = {
    mode: "subscription",
    line_items: [{ price, quantity: 1 }],
    client_reference_id: hotelId,
    metadata,
    subscription_data: { metadata },
    ...defined({ customer, ...body }),
  };
  // A hotel that subscribes again on the day on which its last subscription ended gets a new session.
  const scope = [hotelId, key ?? today(), ...subscriptions.map((row) => row.subscription_id)];
  return urlOf(ctx, async () => {
    const stripe = await api();
    for (const subscription of subscriptions)
      if (subscription.ended === null && (await isOpen(stripe, subscription, ctx.env.GRACE_DAYS))) refuse();
    return createSession(stripe, request, scope);
  });
}

/**
 * Whether a subscription continues whose state no event has shown yet. A manager who clicks again just after the
 * payment must not get a second subscription. If Stripe does not know the subscription, it counts as open until its
 * paid invoices and the days of grace are over.
 */
async function isOpen(stripe: Stripe, { subscription_id, paid_until }: Subscription, graceDays: number) {
  try {
    const { status } = await stripe.subscriptions.retrieve(subscription_id);
    return !hasEnded(status);
  } catch (error) {
    if (memberOf(error, "code") !== "resource_missing") throw error;
    return paid_until !== null && paid_until.getTime() + graceDays * 86_400_000 > Date.now();
  }
}

const maxKeys = 3;

/**
 * Creates a session. Stripe also stores its own failures under an idempotency key, and returns them for a day. Another
 * key is then needed.
 */
async function createSession(stripe: Stripe, request: Stripe.Checkout.SessionCreateParams, scope: readonly string[]) {
  for (let turn = 1; ; turn += 1) {
    const keyed = turn === 1 ? scope : [...scope, `turn ${turn}`];
    try {
      const options = { idempotencyKey: idempotencyKey("checkout", keyed, request) };
      return await stripe.checkout.sessions.create(request, options);
    } catch (error) {
      const isReplayed = memberOf(memberOf(error, "headers"), "idempotent-replayed") === "true";
      const isKept = Number(memberOf(error, "statusCode") ?? 0) >= 500 && isReplayed;
      if (!isKept || turn === maxKeys) throw error;
    }
  }
}

/** The problem's detail by the reason why the manager can't open the Customer Portal. */
const noPortalDetails: Readonly<Record<NoCustomerReason, string>> = {
  unsubscribed: "The hotel has not subscribed yet. Use POST /billing/checkout to subscribe.",
  shared:
    "The hotel's subscription has ended, and the Stripe customer that paid for it pays for another hotel. " +
    "Its pages show that hotel's invoices and card, so this hotel can't open them. " +
    "The paid period remains paid. Use POST /billing/checkout to subscribe again.",
  deleted:
    "The Stripe customer that paid for the hotel's subscription was deleted at Stripe. " +
    "After that subscription has ended, use POST /billing/checkout to subscribe again.",
  unknown: "No event from Stripe has named the customer of the hotel's subscription yet. Try again in a moment.",
};

/**
 * Creates a session of the Customer Portal.
 * @returns its URL
 * @throws Problem BILLING_NOT_CONFIGURED, NO_STRIPE_CUSTOMER, STRIPE_UNAVAILABLE, STRIPE_REFUSED
 */
export async function startPortal(
  ctx: BillingContext,
  api: StripeApi | undefined,
  { hotelId, body, key }: SessionRequest<z.output<typeof portalBody>>,
): Promise<string> {
  if (api === undefined) throw billingProblems.BILLING_NOT_CONFIGURED("STRIPE_API_KEY is not set.");
  const { customer, noCustomerReason = "unsubscribed" } = await readPayer(ctx, hotelId);
  if (customer === undefined) throw billingProblems.NO_STRIPE_CUSTOMER(noPortalDetails[noCustomerReason]);
  const request: Stripe.BillingPortal.SessionCreateParams = { customer, ...defined(body) };
  return urlOf(ctx, async () => {
    const stripe = await api();
    // A portal session expires within minutes. So without the caller's key, each call creates a new session.
    const options = key === undefined ? {} : { idempotencyKey: idempotencyKey("portal", [hotelId, key], request) };
    return stripe.billingPortal.sessions.create(request, options);
  });
}

/**
 * Creates an idempotency key. Stripe gives the same answer to the same key for a day, and refuses the key for other
 * parameters. So the parameters are part of the key. The hotel is too: two hotels never share a session.
 */
function idempotencyKey(kind: string, scope: readonly string[], request: unknown): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([scope, request]))
    .digest("base64url");
  return `keyrack-${kind}-${hash}`;
}

const today = () => new Date().toISOString().slice(0, 10);

async function urlOf({ log }: BillingContext, create: () => Promise<{ readonly url: string | null }>): Promise<string> {
  try {
    const { url } = await create();
    if (url === null) throw billingProblems.STRIPE_REFUSED("Stripe created a session without a page.");
    return url;
  } catch (error) {
    const failure = await stripeFailureOf(error);
    if (failure === undefined) throw error;
    // The SDK's error holds the request and the answer: only its description is logged.
    log.error({ stripe: failure.words }, "Stripe created no session");
    if (failure.retryable)
      throw billingProblems.STRIPE_UNAVAILABLE("Stripe can't be reached now. Try again in a moment.");
    throw billingProblems.STRIPE_REFUSED("Stripe refused the request. The reason is logged under the request id.");
  }
}
