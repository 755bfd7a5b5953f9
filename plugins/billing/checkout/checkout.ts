/**
 * Sessions on Stripe's own pages: to subscribe (Checkout) and to change the card, read invoices or cancel (the Customer
 * Portal). Keyrack sees no card. What comes of them is told by events like everything else.
 */
import { createHash } from "node:crypto";
import { defined } from "../../../core/mod.ts";
import type Stripe from "stripe";
import * as z from "zod";

import type { BillingContext } from "../context.ts";
import { billingProblems } from "../errors.ts";
import { type Lack, readPayer, type Subscription } from "./payer.ts";
import { type StripeApi, stripeFailureOf } from "../stripe/client.ts";
import { hasEnded } from "../facts/subscription.ts";

const pageUrl = z
  .url({ protocol: /^https?$/, error: "is not an http:// or https:// URL" })
  .max(2000)
  .meta({ examples: ["https://hotel.example/billing"] });

export const checkoutBody = z.strictObject({
  success_url: pageUrl.optional().meta({ description: "Where the browser goes when it is paid; default `/docs`." }),
  cancel_url: pageUrl.optional().meta({ description: "Where it goes when the manager turns back." }),
});

export const portalBody = z.strictObject({
  return_url: pageUrl.optional().meta({ description: "Where the portal's way back leads." }),
});

/** What a session is asked for. */
interface Request<Body> {
  readonly hotelId: string;
  readonly body: Body;
  /** The caller's own `Idempotency-Key`. */
  readonly key: string | undefined;
}

/**
 * Makes a Checkout session in which the hotel subscribes.
 * @returns its URL
 * @throws Problem BILLING_NOT_CONFIGURED, SUBSCRIPTION_EXISTS, STRIPE_UNAVAILABLE, STRIPE_REFUSED
 */
export async function startCheckout(
  ctx: BillingContext,
  api: StripeApi | undefined,
  { hotelId, body, key }: Request<z.output<typeof checkoutBody> & { readonly success_url: string }>,
): Promise<string> {
  const price = ctx.env.STRIPE_PRICE_ID;
  if (api === undefined || price === undefined)
    throw billingProblems.BILLING_NOT_CONFIGURED("STRIPE_API_KEY and STRIPE_PRICE_ID are not both set.");
  const { customer, subscriptions } = await readPayer(ctx, hotelId);
  // Two subscriptions would be paid twice, and `valid_to` would be no later for it.
  const refuse = () => {
    throw billingProblems.SUBSCRIPTION_EXISTS(
      "The hotel is subscribed. POST /billing/portal to change or cancel that.",
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
  // Who subscribes anew on the day on which the last subscription ended gets a new session.
  const scope = [hotelId, key ?? today(), ...subscriptions.map((row) => row.subscription_id)];
  return urlOf(ctx, async () => {
    const stripe = await api();
    for (const subscription of subscriptions)
      if (subscription.ended === null && (await isOpen(stripe, subscription, ctx.env.GRACE_DAYS))) refuse();
    return createSession(stripe, request, scope);
  });
}

/**
 * Whether a subscription goes on of which no event has told the state yet: who presses again just after the payment must
 * not be sold a second one. Where Stripe does not know it, its paid invoices speak for it, until they and the days of grace
 * are over.
 */
async function isOpen(stripe: Stripe, { subscription_id, paid_until }: Subscription, graceDays: number) {
  try {
    const { status } = await stripe.subscriptions.retrieve(subscription_id);
    return !hasEnded(status);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "resource_missing") throw error;
    return paid_until !== null && paid_until.getTime() + graceDays * 86_400_000 > Date.now();
  }
}

const mostKeys = 3;

/** Stripe keeps a failure of its own under the key as well, and gives it again for a day: then another key is needed. */
async function createSession(stripe: Stripe, request: Stripe.Checkout.SessionCreateParams, scope: readonly string[]) {
  for (let turn = 1; ; turn += 1) {
    const keyed = turn === 1 ? scope : [...scope, `turn ${turn}`];
    try {
      const options = { idempotencyKey: idempotencyKey("checkout", keyed, request) };
      return await stripe.checkout.sessions.create(request, options);
    } catch (error) {
      const { statusCode, headers } = error as { statusCode?: number; headers?: Readonly<Record<string, string>> };
      const isKept = (statusCode ?? 0) >= 500 && headers?.["idempotent-replayed"] === "true";
      if (!isKept || turn === mostKeys) throw error;
    }
  }
}

/** What a manager is told who can't be sent to the Customer Portal. */
const whyNoPortal: Readonly<Record<Lack, string>> = {
  unsubscribed: "The hotel has not subscribed yet. POST /billing/checkout does that.",
  shared:
    "The hotel's subscription has ended, and the Stripe customer that paid for it pays for another hotel. Its pages show that hotel's invoices and card, so they are closed to this hotel. What was paid for stays paid. POST /billing/checkout subscribes again.",
  deleted:
    "The Stripe customer that paid for the hotel's subscription was deleted at Stripe. When that subscription has ended, POST /billing/checkout subscribes again.",
  untold: "No event of Stripe's has told the customer of the hotel's subscription yet. Try again in a moment.",
};

/**
 * Makes a session of the Customer Portal.
 * @returns its URL
 * @throws Problem BILLING_NOT_CONFIGURED, NO_STRIPE_CUSTOMER, STRIPE_UNAVAILABLE, STRIPE_REFUSED
 */
export async function startPortal(
  ctx: BillingContext,
  api: StripeApi | undefined,
  { hotelId, body, key }: Request<z.output<typeof portalBody>>,
): Promise<string> {
  if (api === undefined) throw billingProblems.BILLING_NOT_CONFIGURED("STRIPE_API_KEY is not set.");
  const { customer, lacks = "unsubscribed" } = await readPayer(ctx, hotelId);
  if (customer === undefined) throw billingProblems.NO_STRIPE_CUSTOMER(whyNoPortal[lacks]);
  const request: Stripe.BillingPortal.SessionCreateParams = { customer, ...defined(body) };
  return urlOf(ctx, async () => {
    const stripe = await api();
    // A portal's session is over within minutes, so without a key of the caller's each call makes a new one.
    const options = key === undefined ? {} : { idempotencyKey: idempotencyKey("portal", [hotelId, key], request) };
    return stripe.billingPortal.sessions.create(request, options);
  });
}

/**
 * Stripe gives the same answer to the same key for a day, and refuses it for other parameters: so these are in the key.
 * The hotel is in it too, for no two hotels share a session.
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
    if (url === null) throw billingProblems.STRIPE_REFUSED("Stripe made a session without a page.");
    return url;
  } catch (error) {
    const failure = await stripeFailureOf(error);
    if (failure === undefined) throw error;
    // The SDK's error carries what was sent and came: only its words are kept.
    log.error({ stripe: failure.words }, "Stripe made no session");
    if (failure.retryable)
      throw billingProblems.STRIPE_UNAVAILABLE("Stripe can't be reached just now. Please try again in a moment.");
    throw billingProblems.STRIPE_REFUSED("Stripe refused the request. The reason is logged under the request id.");
  }
}
