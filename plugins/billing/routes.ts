import { defined, type RequestFacts, route } from "../../core/mod.ts";
import * as z from "zod";

import { managers } from "../identity/port.ts";
import type { BillingContext } from "./context.ts";
import { billingProblems } from "./errors.ts";
import { readEvent } from "./facts/stripe_event.ts";
import { storeEvent } from "./inbox/store_event.ts";
import { checkoutBody, portalBody, startCheckout, startPortal } from "./checkout/checkout.ts";
import { verifyDelivery } from "./inbox/verify_signature.ts";
import type { StripeApi } from "./stripe/client.ts";
import { readSubscription, subscriptionSchema } from "./entitlement/subscription_view.ts";

/** A page of Stripe's. A browser is redirected to it; any other client gets its address. */
const pageSchema = z.strictObject({ url: z.string() }).meta({ id: "StripePage" });

const sessionDescription =
  "Answers 200 with the `url` of a page of Stripe's. " +
  "A client that prefers HTML, such as a browser, is redirected by a 303.";

export function routes(ctx: BillingContext, api: StripeApi | undefined) {
  const { audit, env, log } = ctx;
  return [
    route({
      id: "takeStripeEvent",
      method: "POST",
      path: "/billing/webhook",
      summary: "Receive an event from Stripe",
      description:
        "For Stripe alone, signed in `Stripe-Signature`. " +
        "The event is stored once by its id, and the answer follows immediately. A worker applies it.",
      access: "public",
      // No transaction yet: an unsigned request must not take a database connection.
      transaction: "none",
      // Accepts any query parameters and reads none: the signature covers the body alone. Stripe advises a parameter in
      // the endpoint's address while an account moves to another API version.
      query: z.object({}),
      body: "raw",
      bodyLimit: 1024 * 1024,
      status: 200,
      result: z.strictObject({ received: z.literal(true) }),
      problems: ["STRIPE_SIGNATURE_INVALID", "STRIPE_EVENT_INVALID", "BILLING_NOT_CONFIGURED"],
      handler: async ({ body, request }) => {
        const secrets = env.STRIPE_WEBHOOK_SECRET;
        if (secrets === undefined) throw billingProblems.BILLING_NOT_CONFIGURED("STRIPE_WEBHOOK_SECRET is not set.");
        const { text, json } = verifyDelivery(body, request.headers["stripe-signature"], secrets, Date.now());
        const event = readEvent(json);
        const intake = await storeEvent(ctx, event, text);
        const isUnusual = intake === "quarantined" || intake === "conflicting";
        log[isUnusual ? "warn" : "info"](
          { request_id: request.id, event_id: event.id, type: event.type, livemode: event.livemode, intake },
          "stripe event received",
        );
        return { body: { received: true as const } };
      },
    }),
    route({
      id: "startCheckout",
      method: "POST",
      path: "/billing/checkout",
      summary: "Subscribe on a Stripe Checkout page",
      description: sessionDescription,
      access: managers,
      transaction: "tenant",
      body: checkoutBody,
      status: 200,
      result: pageSchema,
      problems: ["BILLING_NOT_CONFIGURED", "SUBSCRIPTION_EXISTS", "STRIPE_REFUSED", "STRIPE_UNAVAILABLE"],
      // Before the transaction: Stripe may need long to answer, and returns the same session for the same key.
      prepare: ({ actor, body, request }) =>
        startCheckout(ctx, api, {
          hotelId: actor.tenantId,
          body: { success_url: ownPage(env, request), ...defined(body) },
          key: keyOf(request),
        }),
      handler: ({ actor, prepared, request, trx }) => {
        audit.record(trx, { kind: "checkout_opened", actor, request });
        return Promise.resolve(pageAnswer(prepared, request));
      },
    }),
    route({
      id: "startPortal",
      method: "POST",
      path: "/billing/portal",
      summary: "Change the card, see invoices or cancel in Stripe's Customer Portal",
      description: sessionDescription,
      access: managers,
      transaction: "tenant",
      body: portalBody,
      status: 200,
      result: pageSchema,
      problems: ["BILLING_NOT_CONFIGURED", "NO_STRIPE_CUSTOMER", "STRIPE_REFUSED", "STRIPE_UNAVAILABLE"],
      prepare: ({ actor, body, request }) =>
        startPortal(ctx, api, { hotelId: actor.tenantId, body, key: keyOf(request) }),
      handler: ({ actor, prepared, request, trx }) => {
        audit.record(trx, { kind: "portal_opened", actor, request });
        return Promise.resolve(pageAnswer(prepared, request));
      },
    }),
    route({
      id: "readSubscription",
      method: "GET",
      path: "/billing/subscription",
      summary: "Read the hotel's subscription and what valid_to is computed from",
      access: managers,
      transaction: "tenant",
      status: 200,
      result: subscriptionSchema,
      handler: async ({ actor, trx }) => ({ body: await readSubscription(trx, actor.tenantId, env.GRACE_DAYS) }),
    }),
  ];
}

function keyOf({ headers }: RequestFacts): string | undefined {
  const key = headers["idempotency-key"];
  return typeof key === "string" ? key : undefined;
}

function pageAnswer(url: string, { context }: RequestFacts) {
  const isBrowser = context.accepts("application/json", "text/html") === "text/html";
  const headers = { Vary: "Accept", ...(isBrowser ? { Location: url } : {}) };
  return { status: isBrowser ? 303 : 200, headers, body: { url } };
}

/**
 * The page that a manager returns to if the request names none: the screen of the subscription.
 *
 * Without `PUBLIC_URL`, its address comes from the caller's `Host` header. `X-Forwarded-Host` is never trusted. A
 * proxy's word for the scheme counts for https alone.
 */
function ownPage(
  { PUBLIC_URL: publicUrl }: Pick<BillingContext["env"], "PUBLIC_URL">,
  { context }: RequestFacts,
): string {
  if (publicUrl !== undefined) return new URL("app/billing", `${publicUrl.replace(/\/$/, "")}/`).href;
  const origin = `${context.protocol === "https" ? "https" : "http"}://${context.req.headers.host ?? ""}`;
  if (!URL.canParse(origin)) return "about:blank";
  const { protocol, host } = new URL(origin);
  return `${protocol}//${host}/app/billing`;
}
